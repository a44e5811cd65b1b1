import { createHash } from 'node:crypto';
import { SCRIPT, STYLES } from '../dist/assets';
import { formatTime } from './format';
import { html, type Markup, raw } from './html';
import type { Report } from './report';
import { renderSections } from './sections';
import { plainVisibleText } from './visible-text';

/**
 * Nothing may be loaded, sent or run but what is in the page: its one style sheet and its one script, by hash; and
 * events of the server that it came from, where it has any.
 */
export function contentSecurityPolicy(events?: string): string {
  return [
    "default-src 'none'",
    `style-src '${sha256(STYLES)}'`,
    `script-src '${sha256(SCRIPT)}'`,
    'img-src data:',
    ...(events === undefined ? [] : ["connect-src 'self'"]),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

const ICON =
  'data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 16 16%22%3E%3Crect width=%2216%22 height=%2216%22 rx=%224%22 fill=%22%233157d5%22/%3E%3Cpath d=%22M4 12V8m4 4V4m4 8V9%22 stroke=%22white%22 stroke-width=%222%22 stroke-linecap=%22round%22/%3E%3C/svg%3E';

export interface PageOptions {
  /** Where the page hears of changes, for a run that goes on; relative to the page. */
  readonly events?: string;
}

/** One HTML file that needs nothing else: no network, no font, no picture. */
export function renderPage(report: Report, { events }: PageOptions = {}): string {
  const sections = renderSections(report);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy(events)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${`${plainVisibleText(report.where)} · mapreduce`}</title>
<link rel="icon" href="${ICON}">
<style>${raw(STYLES)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
<header class="top"><a class="name" href="#verdict">mapreduce</a>${navigation(sections)}</header>
<main id="main" tabindex="-1"${events !== undefined && html` data-events="${events}"`}>
${[...sections].map(([, { markup }]) => markup)}
</main>
<footer>Made by mapreduce ${plainVisibleText(report.version)}, ${formatTime(report.madeAt)}. This file loads nothing and sends nothing.</footer>
<script>${raw(SCRIPT)}</script>
</body>
</html>
`.toString();
}

function navigation(sections: ReturnType<typeof renderSections>): Markup {
  const links = [...sections]
    .filter(([, { link }]) => link !== null)
    .map(([id, { link }]) => html`<li><a href="#${id}">${link}</a></li>`);
  return html`<nav aria-label="Sections"><ul>${links}</ul></nav>`;
}

function sha256(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
