// The player inside exported .html files: plays the animations of one GLB file, each on its own body.
// The page holds the file as base64 text in #model and {floor, motions: [{caption, fps, frames}]} as JSON in
// #about; floor is the height of the lowest vertex, metres.
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js';
import { cssColour, Stage } from './stage.js';
import { Transport } from './transport.js';

const $ = (id) => document.getElementById(id);
const { floor, motions } = JSON.parse($('about').textContent);

// Without WebGL the page shows a notice.
function newStage() {
  try {
    return new Stage($('view'));
  } catch (error) {
    $('notice').hidden = false;
    throw error;
  }
}

function addCaptions() {
  motions.forEach(({ caption }, index) => {
    const line = document.createElement('li');
    line.textContent = caption;
    line.style.setProperty('--colour', cssColour(index));
    if (caption) $('captions').append(line);
  });
}

async function main() {
  const stage = newStage();
  const model = Uint8Array.from(atob($('model').textContent), (letter) => letter.charCodeAt(0));
  const { scene, animations } = await new GLTFLoader().parseAsync(model.buffer, '');
  stage.setBodies(
    animations.map((clip) => ({ model: scene, clip })),
    floor,
  );
  addCaptions();
  const transport = new Transport(stage);
  transport.fps = motions[0].fps;
  addEventListener('keydown', (event) => {
    if (event.target.tagName !== 'SELECT' && transport.pressed(event.key)) event.preventDefault();
  });
  transport.show();
  transport.setPlaying(true);
  stage.run((seconds) => {
    transport.advance(seconds);
    document.body.dataset.time = transport.time.toFixed(3);
    document.body.dataset.inView = stage.allInView();
  });
}

main();
