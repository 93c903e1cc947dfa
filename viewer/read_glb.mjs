// Usage: node read_glb.mjs FILE.glb -- prints vertices in some frames as shown by three.js, as JSON.
import fs from 'node:fs';
import * as THREE from 'three';
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js';

globalThis.self = globalThis;
const STEP = 37; // every 37th vertex

const file = fs.readFileSync(process.argv[2]);
const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
const gltf = await new GLTFLoader().parseAsync(buffer, '');
const [clip] = gltf.animations;
const mixer = new THREE.AnimationMixer(gltf.scene);
const action = mixer.clipAction(clip).setLoop(THREE.LoopOnce);
action.clampWhenFinished = true; // otherwise the last frame shows the first
action.play();
let body;
gltf.scene.traverse((object) => { if (object.isSkinnedMesh) body = object; });

const times = clip.tracks[0].times;
const frames = {};
// A set, because a clip cannot be seeked again at its end.
for (const frame of new Set([0, Math.floor(times.length / 2), times.length - 1])) {
  mixer.setTime(times[frame]);
  gltf.scene.updateMatrixWorld(true);
  const vertices = [];
  for (let i = 0; i < body.geometry.attributes.position.count; i += STEP) {
    vertices.push(body.getVertexPosition(i, new THREE.Vector3()).toArray());
  }
  frames[frame] = vertices;
}
console.log(JSON.stringify({ step: STEP, frames }));
