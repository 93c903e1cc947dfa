// A path on the floor: drawn or clicked with a pointer on the stage, or typed as numbers.
import * as THREE from 'three';
import { $, el } from './dom.js';

const NEAR = 0.25; // metres from a point within which the pointer grabs it
const APART = 0.5; // metres between the points of a drawn line
const MOST = 40; // points
const STEP = 0.5; // metres of the number fields
const HANDLE = 0.09;

export class FloorPath {
  // stage: null without WebGL; changed(points) is called after each change.
  constructor(stage, changed) {
    Object.assign(this, { stage, changed, points: [], smooth: true, drawing: false });
    $('path-draw').onclick = () => this.setDrawing(!this.drawing);
    $('path-clear').onclick = () => this.set([]);
    $('path-add').onclick = () => this.addPoint();
    $('path-smooth').onchange = (event) => this.setSmooth(event.target.checked);
    if (stage) this.prepareStage();
  }

  prepareStage() {
    this.drawn = new THREE.Group();
    this.stage.scene.add(this.drawn);
    this.line = new THREE.MeshBasicMaterial({ color: 0x3567c4 });
    const canvas = this.stage.renderer.domElement;
    canvas.addEventListener('pointerdown', (event) => this.press(event));
    canvas.addEventListener('pointermove', (event) => this.drag(event));
    for (const end of ['pointerup', 'pointercancel'])
      canvas.addEventListener(end, () => {
        this.held = null;
      });
  }

  setDrawing(drawing) {
    this.drawing = drawing;
    $('path-draw').setAttribute('aria-pressed', drawing);
    $('path-draw').textContent = drawing ? 'Done' : this.points.length ? 'Edit' : 'Draw';
    if (this.stage) {
      this.stage.controls.enabled = !drawing;
      this.stage.setFromAbove(drawing);
    }
    $('stage').classList.toggle('drawing', drawing);
    this.showPoints();
    this.draw();
  }

  setSmooth(smooth) {
    this.smooth = smooth;
    $('path-smooth').checked = smooth;
    this.draw();
  }

  setShown(shown) {
    if (!this.stage) return;
    this.drawn.visible = shown;
    this.stage.invalidate();
  }

  set(points) {
    this.points = points.slice(0, MOST);
    this.showPoints();
    this.draw();
    this.changed(this.points);
  }

  addPoint() {
    const [before, last] = [[0, -1], [0, 0], ...this.points].slice(-2);
    this.set([
      ...(this.points.length ? this.points : [[0, 0]]),
      [last[0] * 2 - before[0], last[1] * 2 - before[1]].map(rounded),
    ]);
  }

  press(event) {
    const place = this.drawing && this.stage.floorPoint(event);
    if (!place) return;
    const held = this.points.findIndex((point) => apart(point, place) < NEAR);
    if (held < 0) this.set([...this.points, place]);
    this.held = held < 0 ? 'end' : held;
    event.target.setPointerCapture(event.pointerId);
  }

  drag(event) {
    if (!this.drawing || this.held == null) return;
    const place = this.stage.floorPoint(event);
    if (!place) return;
    if (this.held === 'end') {
      if (apart(this.points.at(-1), place) > APART) this.set([...this.points, place]);
    } else this.set(this.points.map((point, index) => (index === this.held ? place : point)));
  }

  // The number fields, for keyboards and exact positions.
  showPoints() {
    const { points } = this;
    $('path-clear').hidden = !points.length;
    $('path-settings').hidden = !points.length && !this.drawing;
    const list = $('path-points');
    if (list.contains(document.activeElement) && list.children.length === points.length) return;
    list.replaceChildren(
      ...points.map((point, index) =>
        el(
          'li',
          {},
          ...['x', 'z'].map((axis, k) =>
            el(
              'label',
              {},
              axis,
              el('input', {
                type: 'number',
                step: STEP,
                value: point[k],
                'aria-label': `Point ${index + 1}, ${axis} in metres`,
                onchange: ({ target }) => {
                  if (!Number.isFinite(target.valueAsNumber)) target.value = point[k];
                  this.set(
                    this.points.map((one, i) => (i === index ? one.with(k, target.valueAsNumber) : one)),
                  );
                },
              }),
            ),
          ),
          el('button', {
            type: 'button',
            className: 'icon plain',
            textContent: '×',
            'aria-label': `Remove point ${index + 1}`,
            onclick: () => this.set(this.points.filter((_, i) => i !== index)),
          }),
        ),
      ),
    );
  }

  draw() {
    if (!this.stage) return;
    for (const part of [...this.drawn.children]) this.stage.remove(part);
    const places = this.points.map(([x, z]) => new THREE.Vector3(x, this.stage.floor + 0.01, z));
    if (this.drawing)
      places.forEach((place, index) => {
        const dot = new THREE.Mesh(
          new THREE.SphereGeometry(index ? HANDLE : HANDLE * 1.5, 16, 12),
          this.line,
        );
        dot.position.copy(place);
        this.drawn.add(dot);
      });
    if (places.length > 1) {
      const curve = this.smooth
        ? new THREE.CatmullRomCurve3(places, false, 'catmullrom', 0.5)
        : straight(places);
      this.drawn.add(
        new THREE.Mesh(
          new THREE.TubeGeometry(curve, places.length * 16, this.drawing ? 0.03 : 0.012, 6),
          this.line,
        ),
      );
    }
    this.stage.invalidate();
  }
}

function straight(places) {
  const path = new THREE.CurvePath();
  places.slice(1).forEach((place, index) => path.add(new THREE.LineCurve3(places[index], place)));
  return path;
}

const apart = ([x, z], [u, w]) => Math.hypot(x - u, z - w);
const rounded = (metres) => Math.round(metres * 100) / 100;
