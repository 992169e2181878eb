import { LabIcon } from '@jupyterlab/ui-components';

/** A stroked 24-pixel icon whose lines take the theme's colour. */
function strokedIcon(name: string, paths: string): LabIcon {
  return new LabIcon({
    name: `phub:${name}`,
    svgstr:
      '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">' +
      '<g class="jp-icon-phub" fill="none" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">' +
      `${paths}</g></svg>`
  });
}

/** The hub itself: three repositories around one core. */
export const hubIcon = strokedIcon(
  'hub',
  '<circle cx="12" cy="12" r="3.2"/><circle cx="12" cy="3.9" r="1.9"/>' +
    '<circle cx="19" cy="17.4" r="1.9"/><circle cx="5" cy="17.4" r="1.9"/>' +
    '<path d="M12 5.8v3M9.3 13.8l-2.7 2.5M14.7 13.8l2.7 2.5"/>'
);

/** A model: a small network. */
export const modelIcon = strokedIcon(
  'model',
  '<path d="M12 2.8l8 4.6v9.2l-8 4.6-8-4.6V7.4z"/><path d="M12 12l8-4.6M12 12v9.2M12 12L4 7.4"/>'
);

/** A dataset: a stack of discs. */
export const datasetIcon = strokedIcon(
  'dataset',
  '<ellipse cx="12" cy="5.6" rx="7.6" ry="2.8"/>' +
    '<path d="M4.4 5.6v12.8c0 1.5 3.4 2.8 7.6 2.8s7.6-1.3 7.6-2.8V5.6"/>' +
    '<path d="M4.4 12c0 1.5 3.4 2.8 7.6 2.8s7.6-1.3 7.6-2.8"/>'
);

/** A Space: a window with an app in it. */
export const spaceIcon = strokedIcon(
  'space',
  '<rect x="3" y="4" width="18" height="16" rx="2.2"/><path d="M3 9h18M6.4 6.5h.1M9.2 6.5h.1"/>' +
    '<path d="M10.2 12l4.4 2.6-4.4 2.6z"/>'
);

/** A heart: the person can like this. */
export const likeIcon = strokedIcon(
  'like',
  '<path d="M12 20.2S3.6 15.4 3.6 9.4A4.6 4.6 0 0 1 12 6.9a4.6 4.6 0 0 1 8.4 2.5c0 6-8.4 10.8-8.4 10.8z"/>'
);

/** A filled heart: the person likes this. */
export const likedIcon = new LabIcon({
  name: 'phub:liked',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">' +
    '<path class="jp-icon-phub-filled" d="M12 20.2S3.6 15.4 3.6 9.4A4.6 4.6 0 0 1 12 6.9a4.6 4.6 0 0 1 8.4 2.5c0 6-8.4 10.8-8.4 10.8z"/></svg>'
});

/** A lock: private. */
export const lockIcon = strokedIcon(
  'lock',
  '<rect x="5" y="10.5" width="14" height="10" rx="2"/><path d="M8 10.5V7.2a4 4 0 0 1 8 0v3.3"/>'
);

/** An arrow out of a frame: opens in a browser tab of its own. */
export const openIcon = strokedIcon(
  'open',
  '<path d="M13.5 4.5h6v6M19.5 4.5l-9 9M17 14v4.5a1.5 1.5 0 0 1-1.5 1.5h-10A1.5 1.5 0 0 1 4 18.5v-10A1.5 1.5 0 0 1 5.5 7H10"/>'
);

/** A paper plane: publish. */
export const publishIcon = strokedIcon(
  'publish',
  '<path d="M21 3.5L10.5 14M21 3.5l-6.5 17-4-6.5-6.5-4z"/>'
);

/** A page with a turned corner: a file. */
export const pageIcon = strokedIcon(
  'page',
  '<path d="M6 2.8h8l4.5 4.5v13a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-16.5a1 1 0 0 1 1-1z"/><path d="M14 2.8v4.5h4.5"/>'
);

/** A folder. */
export const folderIcon = strokedIcon(
  'folder',
  '<path d="M3 6.5a1.5 1.5 0 0 1 1.5-1.5h4.7l2.3 2.5h8a1.5 1.5 0 0 1 1.5 1.5v8.5a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17.5z"/>'
);

/** The icons of the kinds of repositories. */
export const REPO_ICONS = {
  model: modelIcon,
  dataset: datasetIcon,
  space: spaceIcon
} as const;
