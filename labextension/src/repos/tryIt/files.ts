import type { IChosenFile } from './values';

/** The largest file that the hub takes, in bytes. */
export const LARGEST_FILE = 32 * 1024 * 1024;

/** Read a file as calls carry it. */
export async function readFile(blob: Blob, name: string): Promise<IChosenFile> {
  const url = await dataUrl(blob);
  return {
    name,
    type: blob.type,
    base64: url.slice(url.indexOf(',') + 1)
  };
}

/** The content of a file as an address that pages show. */
export function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

/** A chosen file as an address that pages show. */
export function fileUrl(file: IChosenFile): string {
  return `data:${file.type};base64,${file.base64}`;
}
