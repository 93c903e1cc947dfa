// Light and dark: the system's setting, until the user chooses.
import { $ } from './dom.js';

const CHOSEN = 'ram-studio-theme';
const system = matchMedia('(prefers-color-scheme: dark)');

export function followTheme(stage) {
  const show = () => {
    const theme = localStorage.getItem(CHOSEN) ?? (system.matches ? 'dark' : 'light');
    document.documentElement.dataset.theme = theme;
    const style = getComputedStyle(document.documentElement);
    const [background, grid, trail] = ['--floor', '--grid', '--trail'].map((name) =>
      style.getPropertyValue(name).trim(),
    );
    stage?.setColours({ background, grid, trail });
  };
  $('theme').onclick = () => {
    localStorage.setItem(CHOSEN, document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
    show();
  };
  system.addEventListener('change', show);
  show();
}
