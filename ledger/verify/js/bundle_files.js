// The files of a bundle, as the browser hands them over: a folder that was dropped or chosen.

import { fromUtf8 } from "./bytes.js";

/** Above this the page leaves the work to the command. */
export const BUNDLE_LIMIT = 100 * 1024 * 1024;

const TEXT_LIMIT = 1024 * 1024;

/** Files by their path within the bundle. */
export class BundleFiles {
  constructor(name, files) {
    this.name = name;
    this.files = files;
  }

  get bytes() {
    return [...this.files.values()].reduce((sum, file) => sum + file.size, 0);
  }

  has(path) {
    return this.files.has(path);
  }

  paths(folder = "") {
    return [...this.files.keys()].filter((path) => path.startsWith(folder)).sort();
  }

  async read(path) {
    return new Uint8Array(await this.files.get(path).arrayBuffer());
  }

  /** A short text; null where it is missing, too long, or none. */
  async text(path) {
    const file = this.files.get(path);
    return file && file.size <= TEXT_LIMIT ? fromUtf8(await this.read(path)) : null;
  }
}

/** The files of a folder chosen by a file field: each knows its path, which begins with the folder's name. */
export function chosenFolder(list) {
  const paths = Array.from(list, (file) => file.webkitRelativePath.split("/"));
  const files = new Map(paths.map((path, at) => [path.slice(1).join("/"), list[at]]));
  return new BundleFiles(paths[0]?.[0] ?? "", files);
}

/** The files of a folder that was dropped. */
export async function droppedFolder(entry) {
  const files = new Map();
  const gather = async (folder, path) => {
    const reader = folder.createReader();
    for (;;) {
      // A reader gives a part of its entries at a time, and none at the end.
      const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (entries.length === 0) return;
      for (const inner of entries) {
        if (inner.isDirectory) await gather(inner, `${path}${inner.name}/`);
        else files.set(path + inner.name, await new Promise((resolve, reject) => inner.file(resolve, reject)));
      }
    }
  };
  await gather(entry, "");
  return new BundleFiles(entry.name, files);
}
