import type { ITreeEntry } from '../api';

/** How many bytes of a text are shown. */
export const TEXT_LIMIT = 400_000;

const IMAGE_LIMIT = 20_000_000;
const IMAGES = /\.(?:png|jpe?g|gif|webp|svg|bmp|ico)$/i;
const BINARIES =
  /\.(?:safetensors|bin|pt|pth|ckpt|onnx|h5|msgpack|gguf|parquet|arrow|npy|npz|pkl|pickle|joblib|zip|gz|tgz|bz2|xz|zst|tar|7z|pdf|mp[34]|wav|flac|ogg|webm|sqlite|db|woff2?|ttf)$/i;

/** How a file can be shown. */
export type FileKind = 'text' | 'image' | 'binary';

/** How to show a file, by its name and size. */
export function fileKind(entry: Pick<ITreeEntry, 'path' | 'size'>): FileKind {
  if (IMAGES.test(entry.path)) {
    return entry.size <= IMAGE_LIMIT ? 'image' : 'binary';
  }
  return BINARIES.test(entry.path) ? 'binary' : 'text';
}

/** Whether bytes that were read as text are none. */
export function isBinary(text: string): boolean {
  const start = text.slice(0, 8000);
  const broken = start.split('\uFFFD').length - 1;
  return start.includes('\0') || broken > start.length / 100 + 1;
}
