// The stage that shows motions: a floor, lights, a following camera, and a body for each motion.
// Used by the player inside exported .html files and by the studio.
import * as THREE from 'three';
import { OrbitControls } from 'three/examples/jsm/controls/OrbitControls.js';
import { clone } from 'three/examples/jsm/utils/SkeletonUtils.js';

export const COLOURS = [0x8ea3c0, 0xe58a6b, 0x7fb59a, 0xc59bc9, 0xd9b665, 0x7ab8c9];
const GAP = 1.3; // metres between the paths of motions that are side by side
const CELL = 0.5; // metres between the lines on the floor
const GRID_RADIUS = 16;
const TALL = 1.35; // metres from the camera's target to the edge of the picture, above and below
const WIDE = 0.9; // metres that a body reaches to either side
const ABOVE = 14; // metres of the camera above the floor
const FOLLOW_RATE = 4; // per second: how fast the camera catches up with the bodies
const LIGHT = { background: 0xf6f7f9, grid: 0xc9cfd9, trail: 0x8b95a5 };

export function cssColour(index) {
  return `#${COLOURS[index % COLOURS.length].toString(16).padStart(6, '0')}`;
}

export class Stage {
  // Throws without WebGL.
  constructor(canvas) {
    this.renderer = new THREE.WebGLRenderer({ antialias: true, canvas });
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    this.renderer.shadowMap.enabled = true;
    this.scene = new THREE.Scene();
    this.scene.background = new THREE.Color();
    this.scene.fog = new THREE.Fog(0);
    this.camera = new THREE.PerspectiveCamera(32, 1, 0.05, 300);
    this.controls = new OrbitControls(this.camera, canvas);
    Object.assign(this.controls, {
      enableDamping: true,
      maxPolarAngle: Math.PI / 2 - 0.02,
      minDistance: 0.8,
      maxDistance: 150,
    });
    this.controls.addEventListener('change', () => this.invalidate());
    this.actors = [];
    this.floor = 0;
    this.following = true;
    this.grid = gridOfLines();
    this.shade = shadowCatcher();
    this.sun = newSun();
    this.trailMaterial = new THREE.LineBasicMaterial();
    this.scene.add(
      this.grid,
      this.shade,
      this.sun,
      this.sun.target,
      new THREE.HemisphereLight(0xffffff, 0xb9c2cf, 1.6),
    );
    this.setColours(LIGHT);
    new ResizeObserver(() => this.resize()).observe(canvas.parentElement);
    this.resize();
    this.frameUp();
  }

  setColours({ background, grid, trail }) {
    this.scene.background.set(background);
    this.scene.fog.color.set(background);
    this.grid.material.color.set(grid);
    this.trailMaterial.color.set(trail);
    this.invalidate();
  }

  // Puts each motion on its own body. parts: [{model, clip, own}], where own keeps the model's materials;
  // floor: height of the lowest vertex, metres.
  setBodies(parts, floor = 0) {
    this.setActors(
      parts.map((part, index) => newBody(part, index, floor, this.trailMaterial)),
      floor,
    );
  }

  // An actor has a group to put on the stage, a root to follow, its reach along x, its duration and seek(time).
  // Several actors are placed side by side; a single one is placed as in its file.
  setActors(actors, floor = 0) {
    for (const { group } of this.actors) this.remove(group);
    this.floor = floor;
    this.shade.position.y = floor;
    this.actors = actors;
    let place = 0;
    for (const {
      group,
      reach: [low, high],
    } of actors) {
      group.position.x = place - low;
      place += high - low + GAP;
      this.scene.add(group);
    }
    for (const { group } of actors)
      group.position.x = actors.length === 1 ? 0 : group.position.x - (place - GAP) / 2;
    this.frameUp();
  }

  // Removes something from the stage, and frees its graphics memory.
  remove(group) {
    group.removeFromParent();
    group.traverse(({ geometry, material }) => {
      geometry?.dispose();
      if (material && material !== this.trailMaterial) [material].flat().forEach((one) => one.dispose());
    });
  }

  get duration() {
    return Math.max(0, ...this.actors.map(({ duration }) => duration));
  }

  show(time) {
    for (const actor of this.actors) actor.seek(Math.min(time, actor.duration));
    this.invalidate();
  }

  // Requests a redraw; without changes nothing is drawn.
  invalidate() {
    this.stale = true;
  }

  places() {
    return this.actors.map(({ root }) => root.getWorldPosition(new THREE.Vector3()));
  }

  centre() {
    const middle = new THREE.Vector3();
    const places = this.places();
    for (const place of places) middle.add(place);
    return middle.divideScalar(places.length || 1).setY(0.9);
  }

  // The distance from the target at which a camera in a direction sees every body.
  fittingDistance(target, direction) {
    const slope = Math.tan(THREE.MathUtils.degToRad(this.camera.fov / 2));
    const right = new THREE.Vector3(0, 1, 0).cross(direction).normalize();
    const up = direction.clone().cross(right);
    return Math.max(
      TALL / slope,
      ...this.places().map((place) => {
        const offset = place.setY(target.y).sub(target);
        const across = Math.abs(offset.dot(right)) + WIDE;
        const along = Math.abs(offset.dot(up)) + TALL;
        return Math.max(along, across / this.camera.aspect) / slope + offset.dot(direction);
      }),
    );
  }

  frameUp() {
    const target = this.centre();
    const direction = new THREE.Vector3(this.actors.length > 1 ? 0.2 : 0.45, 0.25, 0.9).normalize();
    this.distance = this.fittingDistance(target, direction);
    this.controls.target.copy(target);
    this.camera.position.copy(target).addScaledVector(direction, this.distance);
    this.invalidate();
  }

  // Looks down on the floor around the origin, +X to the left and +Z up, or from the front again.
  setFromAbove(above) {
    this.above = above;
    if (!above) return this.frameUp();
    this.controls.target.set(0, 0, 2);
    this.camera.position.set(0, ABOVE, 2 - 0.01);
    this.controls.update();
    return this.invalidate();
  }

  // The position [x, z] on the floor under a pointer, in metres, rounded to centimetres; null off the floor.
  floorPoint({ clientX, clientY }) {
    const box = this.renderer.domElement.getBoundingClientRect();
    const place = new THREE.Vector2(
      ((clientX - box.left) / box.width) * 2 - 1,
      1 - ((clientY - box.top) / box.height) * 2,
    );
    this.camera.updateMatrixWorld();
    const ray = new THREE.Raycaster();
    ray.setFromCamera(place, this.camera);
    const hit = ray.ray.intersectPlane(
      new THREE.Plane(new THREE.Vector3(0, 1, 0), -this.floor),
      new THREE.Vector3(),
    );
    return hit && [hit.x, hit.z].map((metres) => Math.round(metres * 100) / 100);
  }

  // Moves the camera with the bodies, and away from or towards them as they spread; keeps the user's zoom.
  follow(seconds) {
    const target = this.centre();
    if (this.following && !this.above) {
      const share = 1 - Math.exp(-FOLLOW_RATE * seconds);
      const offset = this.camera.position.clone().sub(this.controls.target);
      const wanted = this.fittingDistance(target, offset.clone().normalize());
      const distance = this.distance + share * (wanted - this.distance);
      this.controls.target.lerp(target, share);
      this.camera.position.copy(this.controls.target).addScaledVector(offset, distance / this.distance);
      this.distance = distance;
    }
    const reach = 2 + Math.max(0, ...this.places().map((place) => place.distanceTo(target)));
    Object.assign(this.sun.shadow.camera, { left: -reach, right: reach, top: reach, bottom: -reach });
    this.sun.shadow.camera.updateProjectionMatrix();
    this.sun.target.position.copy(target);
    this.sun.position.copy(target).add(new THREE.Vector3(2, 5, 2.5));
  }

  // Runs the animation loop; tick(seconds) is called before each frame.
  run(tick) {
    let before = performance.now();
    this.renderer.setAnimationLoop((now) => {
      const seconds = Math.min(Math.max((now - before) / 1000, 0), 0.1);
      before = now;
      tick(seconds);
      this.follow(seconds);
      this.controls.update();
      if (!this.stale) return;
      this.stale = false;
      const { x, z } = this.controls.target;
      this.grid.position.set(Math.round(x / CELL) * CELL, this.floor, Math.round(z / CELL) * CELL);
      const distance = this.camera.position.distanceTo(this.controls.target);
      Object.assign(this.scene.fog, { near: distance, far: distance + 14 });
      this.renderer.render(this.scene, this.camera);
    });
  }

  resize() {
    const { clientWidth, clientHeight } = this.renderer.domElement.parentElement;
    this.renderer.setSize(clientWidth, clientHeight, false);
    this.camera.aspect = clientWidth / Math.max(clientHeight, 1);
    this.camera.updateProjectionMatrix();
    this.invalidate();
  }

  // For tests: whether every body is within the picture.
  allInView() {
    return this.places().every((place) => {
      const { x, y } = place.project(this.camera);
      return Math.abs(x) < 1 && Math.abs(y) < 1;
    });
  }
}

function newBody({ model, clip, own }, index, floor, trailMaterial) {
  const group = new THREE.Group();
  const body = clone(model);
  body.traverse((object) => {
    if (!object.isSkinnedMesh) return;
    object.castShadow = true;
    object.frustumCulled = false;
    if (!own) {
      object.material = new THREE.MeshStandardMaterial({
        color: COLOURS[index % COLOURS.length],
        roughness: 0.72,
      });
    }
  });
  const mixer = new THREE.AnimationMixer(body);
  const action = mixer.clipAction(clip);
  action.play();
  const seek = (time) => {
    action.time = time;
    mixer.update(0);
  };
  const track = clip.tracks.find(({ name }) => name.endsWith('.position'));
  const root = body.getObjectByName(track.name.split('.')[0]);
  const points = Array.from(track.times, (time) => {
    seek(time);
    return root.getWorldPosition(new THREE.Vector3()).setY(floor);
  });
  seek(0);
  group.add(body, new THREE.Line(new THREE.BufferGeometry().setFromPoints(points), trailMaterial));
  const xs = points.map(({ x }) => x);
  return { group, root, duration: clip.duration, reach: [Math.min(...xs), Math.max(...xs)], seek };
}

function newSun() {
  const sun = new THREE.DirectionalLight(0xffffff, 2.4);
  sun.castShadow = true;
  sun.shadow.mapSize.set(2048, 2048);
  sun.shadow.radius = 5;
  sun.shadow.bias = -0.0005;
  return sun;
}

// A grid of short lines that stays under the camera's target; long lines would be clipped at the screen's edge.
function gridOfLines() {
  const points = [];
  const cells = Math.round(GRID_RADIUS / CELL);
  for (let i = -cells; i <= cells; i += 1) {
    for (let j = -cells; j < cells; j += 1) {
      points.push(
        i * CELL,
        0,
        j * CELL,
        i * CELL,
        0,
        (j + 1) * CELL,
        j * CELL,
        0,
        i * CELL,
        (j + 1) * CELL,
        0,
        i * CELL,
      );
    }
  }
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute('position', new THREE.Float32BufferAttribute(points, 3));
  const grid = new THREE.LineSegments(geometry, new THREE.LineBasicMaterial());
  grid.frustumCulled = false;
  return grid;
}

function shadowCatcher() {
  const shade = new THREE.Mesh(new THREE.PlaneGeometry(80, 80), new THREE.ShadowMaterial({ opacity: 0.22 }));
  shade.rotation.x = -Math.PI / 2;
  shade.material.depthWrite = false;
  shade.receiveShadow = true;
  return shade;
}
