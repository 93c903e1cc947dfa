// The current estimate: a figure of rods and balls, which is an actor of the stage.
import * as THREE from 'three';

const THICK = 0.045; // metres, radius of a limb
const HEAD = 0.11;
const UP = new THREE.Vector3(0, 1, 0);

export class Figure {
  constructor({ parents, joint_names: names, fps }, colour) {
    this.fps = fps;
    this.bones = parents.map((parent, joint) => [parent, joint]).filter(([parent]) => parent >= 0);
    this.head = names.indexOf('head');
    const material = new THREE.MeshStandardMaterial({ color: colour, roughness: 0.8 });
    this.rods = new THREE.InstancedMesh(
      new THREE.CylinderGeometry(THICK, THICK, 1, 14),
      material,
      this.bones.length,
    );
    this.balls = new THREE.InstancedMesh(new THREE.SphereGeometry(1, 20, 14), material, parents.length);
    for (const mesh of [this.rods, this.balls])
      Object.assign(mesh, { castShadow: true, frustumCulled: false });
    this.root = new THREE.Object3D();
    this.group = new THREE.Group();
    this.group.add(this.rods, this.balls, this.root);
    this.reach = [0, 0];
    this.duration = 0;
    this.frames = [];
  }

  // joints: [[[x, y, z] of each joint] of each frame]; seconds: their duration.
  set(joints, seconds) {
    this.frames = joints.map((frame) => frame.map((place) => new THREE.Vector3(...place)));
    this.duration = seconds - 1 / this.fps; // when its last frame begins
    this.seek(0);
  }

  seek(time) {
    const { frames, duration, bones, rods, balls } = this;
    if (!frames.length) return;
    const at = duration ? (time / duration) * (frames.length - 1) : 0;
    const before = frames[Math.floor(at)];
    const after = frames[Math.min(Math.floor(at) + 1, frames.length - 1)];
    const pose = before.map((place, joint) => place.clone().lerp(after[joint], at % 1));
    const matrix = new THREE.Matrix4();
    bones.forEach(([parent, joint], index) => {
      const way = pose[joint].clone().sub(pose[parent]);
      const length = Math.max(way.length(), 1e-3);
      const turn = new THREE.Quaternion().setFromUnitVectors(UP, way.divideScalar(length));
      const middle = pose[parent].clone().lerp(pose[joint], 0.5);
      rods.setMatrixAt(index, matrix.compose(middle, turn, new THREE.Vector3(1, length, 1)));
    });
    pose.forEach((place, joint) => {
      const size = joint === this.head ? HEAD : THICK;
      balls.setMatrixAt(joint, matrix.makeScale(size, size, size).setPosition(place));
    });
    rods.instanceMatrix.needsUpdate = balls.instanceMatrix.needsUpdate = true;
    this.root.position.copy(pose[0]);
  }
}
