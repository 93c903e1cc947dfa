// The player inside exported .html files: plays the animations of one GLB file, each on a body of its own.
// The page holds the file as base64 text in #model and {floor, motions: [{caption, fps, frames}]} as JSON in
// #about; floor is the height of the lowest vertex, metres.
import * as THREE from 'three';
import { OrbitControls } from 'three/examples/jsm/controls/OrbitControls.js';
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js';
import { clone } from 'three/examples/jsm/utils/SkeletonUtils.js';

const COLOURS = [0x8ea3c0, 0xe58a6b, 0x7fb59a, 0xc59bc9, 0xd9b665, 0x7ab8c9];
const GAP = 1.3; // metres between the paths of motions that stand side by side
const CELL = 0.5; // metres between the lines on the floor
const GRID_RADIUS = 16;
const TALL = 1.35; // metres from the camera's target to the edge of the picture, above and below
const WIDE = 0.9; // metres that a body reaches to either side
const FOLLOW_RATE = 4; // per second: how fast the camera catches up with the bodies

const $ = (id) => document.getElementById(id);
const { floor, motions } = JSON.parse($('about').textContent);
const duration = Math.max(...motions.map(({ fps, frames }) => (frames - 1) / fps));
const state = { time: 0, playing: true, speed: 1, follow: true };

const renderer = newRenderer();
renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
renderer.shadowMap.enabled = true;
const scene = new THREE.Scene();
scene.background = new THREE.Color(0xf6f7f9);
scene.fog = new THREE.Fog(0xf6f7f9);
const camera = new THREE.PerspectiveCamera(32, 1, 0.05, 300);
const controls = new OrbitControls(camera, renderer.domElement);
controls.enableDamping = true;
controls.maxPolarAngle = Math.PI / 2 - 0.02;
controls.minDistance = 0.8;
controls.maxDistance = 150;

const sun = new THREE.DirectionalLight(0xffffff, 2.4);
sun.castShadow = true;
sun.shadow.mapSize.set(2048, 2048);
sun.shadow.radius = 5;
sun.shadow.bias = -0.0005;
scene.add(sun, sun.target, new THREE.HemisphereLight(0xffffff, 0xb9c2cf, 1.6));

// The page's text says what is missing where there is no WebGL.
function newRenderer() {
  try {
    return new THREE.WebGLRenderer({ antialias: true, canvas: $('view') });
  } catch (error) {
    $('notice').hidden = false;
    throw error;
  }
}

// A grid of short lines, which stays under the camera's target; long ones would be cut at the screen's edge.
function addGrid() {
  const points = [];
  const cells = Math.round(GRID_RADIUS / CELL);
  for (let i = -cells; i <= cells; i += 1) {
    for (let j = -cells; j < cells; j += 1) {
      points.push(i * CELL, 0, j * CELL, i * CELL, 0, (j + 1) * CELL, j * CELL, 0, i * CELL, (j + 1) * CELL, 0, i * CELL);
    }
  }
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute('position', new THREE.Float32BufferAttribute(points, 3));
  const grid = new THREE.LineSegments(geometry, new THREE.LineBasicMaterial({ color: 0xc9cfd9 }));
  grid.frustumCulled = false;
  scene.add(grid);
  return grid;
}

function addFloor() {
  const shade = new THREE.Mesh(new THREE.PlaneGeometry(80, 80), new THREE.ShadowMaterial({ opacity: 0.22 }));
  shade.rotation.x = -Math.PI / 2;
  shade.position.y = floor;
  shade.material.depthWrite = false;
  shade.receiveShadow = true;
  scene.add(shade);
}

// Puts each motion on a body of its own; returns what is needed to show a moment and to follow it.
function addBodies(gltf) {
  let place = 0;
  const actors = gltf.animations.map((clip, index) => {
    const path = clip.tracks.find((track) => track.name.endsWith('.position')).values;
    const xs = path.filter((_, i) => i % 3 === 0);
    const [low, high] = [Math.min(...xs), Math.max(...xs)];
    const group = new THREE.Group();
    group.position.x = place - low;
    place += high - low + GAP;

    const body = clone(gltf.scene);
    body.traverse((object) => {
      if (!object.isSkinnedMesh) return;
      object.castShadow = true;
      object.frustumCulled = false;
      object.material = new THREE.MeshStandardMaterial({
        color: COLOURS[index % COLOURS.length], roughness: 0.72,
      });
    });
    const points = [];
    for (let i = 0; i < path.length; i += 3) points.push(new THREE.Vector3(path[i], floor, path[i + 2]));
    const trail = new THREE.Line(
      new THREE.BufferGeometry().setFromPoints(points),
      new THREE.LineBasicMaterial({ color: 0x8b95a5 }),
    );
    group.add(body, trail);
    scene.add(group);
    const mixer = new THREE.AnimationMixer(body);
    const action = mixer.clipAction(clip);
    action.play();
    return { group, mixer, action, clip, root: body.getObjectByName(clip.tracks[0].name.split('.')[0]) };
  });
  for (const { group } of actors) group.position.x -= (place - GAP) / 2;
  return actors;
}

function show(actors) {
  for (const { mixer, action, clip } of actors) {
    action.time = Math.min(state.time, clip.duration);
    mixer.update(0);
  }
  $('scrub').value = duration ? state.time / duration : 0;
  $('clock').textContent = `${state.time.toFixed(2)} / ${duration.toFixed(2)} s`;
}

function centre(actors) {
  const middle = new THREE.Vector3();
  const point = new THREE.Vector3();
  for (const { root } of actors) middle.add(root.getWorldPosition(point));
  middle.divideScalar(actors.length);
  return middle.setY(0.9);
}

// How far from the target a camera in a direction must be to have every body in the picture.
function fittingDistance(actors, target, direction) {
  const slope = Math.tan(THREE.MathUtils.degToRad(camera.fov / 2));
  const right = new THREE.Vector3(0, 1, 0).cross(direction).normalize();
  const up = direction.clone().cross(right);
  return Math.max(...actors.map(({ root }) => {
    const offset = root.getWorldPosition(new THREE.Vector3()).setY(target.y).sub(target);
    const across = Math.abs(offset.dot(right)) + WIDE;
    const along = Math.abs(offset.dot(up)) + TALL;
    return Math.max(along, across / camera.aspect) / slope + offset.dot(direction);
  }));
}

function frameUp(actors) {
  const target = centre(actors);
  const direction = new THREE.Vector3(actors.length > 1 ? 0.2 : 0.45, 0.25, 0.9).normalize();
  state.distance = fittingDistance(actors, target, direction);
  controls.target.copy(target);
  camera.position.copy(target).addScaledVector(direction, state.distance);
}

// Moves with the bodies, and away from or towards them as they spread or meet; the user's zoom stays.
function follow(actors, seconds) {
  const target = centre(actors);
  if (state.follow) {
    const share = 1 - Math.exp(-FOLLOW_RATE * seconds);
    const offset = camera.position.clone().sub(controls.target);
    const wanted = fittingDistance(actors, target, offset.clone().normalize());
    const distance = state.distance + share * (wanted - state.distance);
    controls.target.lerp(target, share);
    camera.position.copy(controls.target).addScaledVector(offset, distance / state.distance);
    state.distance = distance;
  }
  const reach = 2 + Math.max(...actors.map(({ root }) => root.getWorldPosition(new THREE.Vector3()).distanceTo(target)));
  Object.assign(sun.shadow.camera, { left: -reach, right: reach, top: reach, bottom: -reach });
  sun.shadow.camera.updateProjectionMatrix();
  sun.target.position.copy(target);
  sun.position.copy(target).add(new THREE.Vector3(2, 5, 2.5));
}

function setPlaying(playing) {
  state.playing = playing;
  if (playing && state.time >= duration) state.time = 0;
  $('play').textContent = playing ? '❚❚' : '►';
  $('play').setAttribute('aria-label', playing ? 'Pause' : 'Play');
}

function bindControls(actors) {
  const seek = (time) => {
    setPlaying(false);
    state.time = Math.min(Math.max(time, 0), duration);
    show(actors);
  };
  $('play').onclick = () => setPlaying(!state.playing);
  $('scrub').oninput = (event) => seek(event.target.value * duration);
  $('speed').onchange = (event) => { state.speed = Number(event.target.value); };
  $('follow').onchange = (event) => { state.follow = event.target.checked; };
  addEventListener('keydown', (event) => {
    const step = 1 / motions[0].fps;
    const actions = {
      ' ': () => setPlaying(!state.playing),
      ArrowLeft: () => seek(state.time - step),
      ArrowRight: () => seek(state.time + step),
    };
    if (actions[event.key] && event.target.tagName !== 'SELECT') {
      event.preventDefault();
      actions[event.key]();
    }
  });
}

function addCaptions() {
  motions.forEach(({ caption }, index) => {
    const line = document.createElement('li');
    line.textContent = caption;
    line.style.setProperty('--colour', `#${COLOURS[index % COLOURS.length].toString(16).padStart(6, '0')}`);
    if (caption) $('captions').append(line);
  });
}

function resize() {
  const { clientWidth, clientHeight } = renderer.domElement.parentElement;
  renderer.setSize(clientWidth, clientHeight, false);
  camera.aspect = clientWidth / clientHeight;
  camera.updateProjectionMatrix();
}

// For tests: whether every body is within the picture.
function allInView(actors) {
  return actors.every(({ root }) => {
    const { x, y } = root.getWorldPosition(new THREE.Vector3()).project(camera);
    return Math.abs(x) < 1 && Math.abs(y) < 1;
  });
}

async function main() {
  const model = Uint8Array.from(atob($('model').textContent), (letter) => letter.charCodeAt(0));
  const gltf = await new GLTFLoader().parseAsync(model.buffer, '');
  addFloor();
  const grid = addGrid();
  const actors = addBodies(gltf);
  addCaptions();
  bindControls(actors);
  new ResizeObserver(resize).observe(renderer.domElement.parentElement);
  resize();
  show(actors);
  frameUp(actors);
  setPlaying(true);

  let before = performance.now();
  renderer.setAnimationLoop((now) => {
    const seconds = Math.min(Math.max((now - before) / 1000, 0), 0.1);
    before = now;
    if (state.playing) {
      state.time += seconds * state.speed;
      if (state.time > duration) state.time = duration ? state.time % duration : 0;
      show(actors);
    }
    follow(actors, seconds);
    controls.update();
    const { x, z } = controls.target;
    grid.position.set(Math.round(x / CELL) * CELL, floor, Math.round(z / CELL) * CELL);
    const distance = camera.position.distanceTo(controls.target);
    Object.assign(scene.fog, { near: distance, far: distance + 14 });
    renderer.render(scene, camera);
    document.body.dataset.time = state.time.toFixed(3);
    document.body.dataset.inView = allInView(actors);
  });
}

main();
