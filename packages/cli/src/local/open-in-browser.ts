import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';

const COMMANDS: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** Asks the desktop to show a file, and says so where there is none that could. */
export function openInBrowser(file: string): void {
  const [command, ...args] = COMMANDS[process.platform] ?? ['xdg-open'];
  const child = spawn(command, [...args, pathToFileURL(file).href], { detached: true, stdio: 'ignore' });
  child.on('error', () => {
    process.stderr.write(`mapreduce: ${command} was not found; open ${file} in a browser\n`);
  });
  child.unref();
}
