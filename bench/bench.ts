/**
 * Runs the bench files built beside this one and prints one line per figure. Exit status 0 whatever the figures; 2 for
 * a name nobody has.
 */
import { readdirSync } from 'node:fs';
import { type BenchModule, type Figure, figureLine, type Skipped } from './figures.js';

async function allFigures(): Promise<Figure[]> {
  const files = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.bench.js'));
  const figures: Figure[] = [];
  for (const file of files.sort()) {
    const module = (await import(new URL(file, import.meta.url).href)) as BenchModule;
    figures.push(...module.figures);
  }
  return figures;
}

async function measure(figure: Figure): Promise<number | Skipped> {
  try {
    return await figure.measure();
  } catch (error) {
    return { skipped: error instanceof Error ? error.message : String(error) };
  }
}

const names = process.argv.slice(2);
const figures = await allFigures();
const unknown = names.filter((name) => !figures.some((figure) => figure.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `no bench named ${unknown.join(', ')}; there are: ${figures.map(({ name }) => name).join(', ')}\n`,
  );
  process.exitCode = 2;
} else {
  for (const figure of figures) {
    if (names.length > 0 && !names.includes(figure.name)) continue;
    process.stdout.write(`${figureLine(figure, await measure(figure))}\n`);
  }
}
