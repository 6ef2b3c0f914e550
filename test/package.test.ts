import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { at } from '../scripts/lib/project.mjs';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly engines: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly resolved?: string; readonly hasInstallScript?: boolean }>>;
}

const text = (path: string) => readFileSync(at(path), 'utf8');
const manifest = JSON.parse(text('package.json')) as Manifest;
const lockfile = JSON.parse(text('package-lock.json')) as Lockfile;

describe('scripts of package.json', () => {
  it.each(['start', 'test', 'bench', 'package', 'vsp-lab', 'vscode', 'test:desktop'])(
    '%s is there (interfaces 7)',
    (name) => {
      expect(manifest.scripts).toHaveProperty([name]);
    },
  );

  it.each(Object.entries(manifest.scripts))(
    '%s runs a script of ours with plain node and no shell features',
    (_name, command) => {
      const script = /^node (scripts\/[a-z-]+\.mjs)( [a-z0-9:-]+)*$/.exec(command)?.[1];
      expect(script, command).toBeDefined();
      expect(existsSync(at(script ?? ''))).toBe(true);
    },
  );

  it.each(Object.keys(manifest.scripts))('%s is explained in README.md or CONTRIBUTING.md', (name) => {
    const spelled = name === 'test' || name === 'start' ? `npm ${name}` : `npm run (-s )?${name}`;
    expect(text('README.md') + text('CONTRIBUTING.md')).toMatch(new RegExp(`\\b${spelled}\\b`));
  });

  it('name only tiers that scripts/test.mjs has, and CONTRIBUTING.md lists them all', () => {
    const tiers = [...text('scripts/test.mjs').matchAll(/^ {4}name: '([\w-]+)',$/gm)].map(([, name]) => name ?? '');
    const named = Object.values(manifest.scripts).flatMap(
      (command) => /scripts\/test\.mjs (.+)/.exec(command)?.[1]?.split(' ') ?? [],
    );
    expect(tiers).toContain('unit');
    expect(named.filter((name) => !tiers.includes(name))).toEqual([]);
    expect(text('CONTRIBUTING.md')).toContain(
      `one tier: ${tiers
        .map((name) => `\`${name}\``)
        .join(', ')
        .replace(/, (?=[^,]*$)/, ' or ')}`,
    );
  });
});

describe('dependencies', () => {
  it('are pinned to one version each', () => {
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(version))).toEqual([]);
  });

  it('run install scripts only where allowScripts says so, and it says no more', () => {
    const withScripts = Object.entries(lockfile.packages).filter(([, entry]) => entry.hasInstallScript);
    const names = withScripts.map(([path]) => path.replace(/^.*node_modules\//, ''));
    expect(Object.keys(manifest.allowScripts).sort()).toEqual([...new Set(names)].sort());
  });

  it('are locked without the address of any registry', () => {
    expect(Object.values(lockfile.packages).filter((entry) => entry.resolved !== undefined)).toEqual([]);
  });
});

describe('the installed command', () => {
  const bin = manifest.bin['vsp-lab'] ?? '';
  const pretend = (version: string) =>
    `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'${version}'})`;

  it('is a Node script', () => {
    expect(text(bin)).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  it.each(['20.20.2', '22.14.0'])('names the version it needs on Node %s and exits with 2', (version) => {
    const result = spawnSync(process.execPath, ['--import', pretend(version), at(bin), '--version'], {
      encoding: 'utf8',
    });
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toContain('needs Node.js 24 or newer');
    expect(manifest.engines['node']).toBe('>=24');
  });

  it('probes for what Node 20 and 22 lack: a 64-bit table beside a 64-bit memory', () => {
    const bytes = /Uint8Array\.of\(([\d, ]+)\)/.exec(text(bin))?.[1]?.split(', ').map(Number) ?? [];
    const [tableFlags, memoryFlags] = [12, 17];
    expect(WebAssembly.validate(Uint8Array.from(bytes))).toBe(true);
    expect([bytes[tableFlags], bytes[memoryFlags]]).toEqual([4, 4]);
    expect(bytes).toHaveLength(19);
  });

  it('has the version of package.json', () => {
    const result = spawnSync(process.execPath, [at(bin), '--version'], { encoding: 'utf8' });
    expect(result.stdout).toContain(manifest.version);
    expect(result.status).toBe(0);
  });
});

describe('texts beside package.json', () => {
  it('LICENSE is the licence it names', () => {
    expect(manifest.license).toBe('MIT');
    expect(text('LICENSE')).toMatch(/^MIT License\n\nCopyright \(c\) \d{4} VSP Lab contributors\n/);
  });

  it('CHANGELOG.md has this version or an unreleased section', () => {
    expect(text('CHANGELOG.md')).toMatch(new RegExp(`^## \\[(Unreleased|${manifest.version})\\]`, 'm'));
  });

  it.each(['README.md', 'CONTRIBUTING.md', 'docs/architecture.md', 'docs/scaffold.md'])(
    '%s links only to files that exist',
    (path) => {
      const links = [...text(path).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) => target ?? '');
      expect(links.filter((target) => !existsSync(at(path, '..', target)))).toEqual([]);
    },
  );

  it('CI runs the one test command', () => {
    expect(text('.ci/run').trimEnd().split('\n').at(-1)).toBe('exec npm test');
  });
});
