// Usage: node read_bvh.mjs FILE.bvh -- prints joint names and positions as played by three.js, as JSON.
import fs from 'node:fs';
import * as THREE from 'three';
import { BVHLoader } from 'three/examples/jsm/loaders/BVHLoader.js';

const { skeleton, clip } = new BVHLoader().parse(fs.readFileSync(process.argv[2], 'utf8'));
const bones = skeleton.bones.filter((bone) => bone.name !== 'ENDSITE');
const mixer = new THREE.AnimationMixer(skeleton.bones[0]);
const action = mixer.clipAction(clip).setLoop(THREE.LoopOnce);
action.clampWhenFinished = true; // otherwise the last frame shows the first
action.play();

const frames = [];
for (const time of clip.tracks[0].times) {
  mixer.setTime(time);
  skeleton.bones[0].updateMatrixWorld(true);
  frames.push(bones.map((bone) => bone.getWorldPosition(new THREE.Vector3()).toArray()));
}
console.log(JSON.stringify({ names: bones.map((bone) => bone.name), frames }));
