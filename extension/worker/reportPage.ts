/** The built page, for files that carry it (core/run/htmlReport.ts). */
import { createHash } from 'node:crypto';
import { promises } from 'node:fs';
import { join } from 'node:path';
import type { ReportPage } from '../core/run/htmlReport.js';

/** `root` is the folder of the installed extension or of the checkout. Rejects with one clear line. */
export async function readReportPage(root: string): Promise<ReportPage> {
  const read = async (name: string): Promise<string> => {
    const file = join(root, 'dist', 'webview', name);
    try {
      return await promises.readFile(file, 'utf8');
    } catch {
      throw new Error(`VSP Lab is not completely installed: dist/webview/${name} is missing`);
    }
  };
  const [script, style] = await Promise.all([read('view.js'), read('view.css')]);
  return {
    script,
    style,
    hash: (text) => createHash('sha256').update(text).digest('base64'),
    base64: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
  };
}
