// The default theme with the fonts of the system, because VitePress would add 600 KB of its own font to the site.
export { default } from 'vitepress/theme-without-fonts';

// After the theme, so that it overrides the theme.
import './style.css';
