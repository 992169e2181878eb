import React from 'react';

import type { ITreeEntry } from '../../api';
import { fileSize } from '../../components/fileSize';
import { folderIcon, pageIcon } from '../../components/icons';
import { LoadFailure } from '../../components/LoadFailure';
import { Message } from '../../components/Message';
import { fullTime, relativeTime } from '../../components/relativeTime';
import { Skeleton } from '../../components/Skeleton';
import { useLoaded } from '../../components/useLoaded';
import { useModel } from '../../components/useModel';
import { useRepo } from '../context';
import { REVISION } from '../model';
import { Download, FileView } from './FileView';
import { LfsTag } from './LfsTag';

/** The files of the repository: one folder, or one file. */
export function FilesTab(): JSX.Element {
  const { hub, model, trans } = useRepo();
  useModel(model);
  const [listing, retry] = useLoaded(
    () => findEntry(path => hub.tree(model.repo, REVISION, path), model.path),
    `${model.info?.sha ?? ''}/${model.path}`
  );
  return (
    <div className="phub-FilesTab">
      <Breadcrumb />
      {listing.phase === 'loading' && (
        <Skeleton label={trans.__('Loading the files')} rows={6} />
      )}
      {listing.phase === 'failed' && (
        <LoadFailure
          title={trans.__('%1 cannot be shown', model.path || '/')}
          error={listing.error}
          onRetry={retry}
          trans={trans}
        />
      )}
      {listing.phase === 'ready' &&
        (Array.isArray(listing.value) ? (
          <Folder entries={listing.value} />
        ) : (
          <FileView entry={listing.value} />
        ))}
    </div>
  );
}

/** The entries of a folder, or the entry of a file: only its folder knows which of both it is. */
async function findEntry(
  tree: (path: string) => Promise<ITreeEntry[]>,
  path: string
): Promise<ITreeEntry | ITreeEntry[]> {
  if (!path) {
    return tree('');
  }
  const parent = path.split('/').slice(0, -1).join('/');
  const entry = (await tree(parent)).find(other => other.path === path);
  return entry?.type === 'file' ? entry : tree(path);
}

function Breadcrumb(): JSX.Element {
  const { model, trans } = useRepo();
  const parts = model.path ? model.path.split('/') : [];
  const steps = [
    { name: model.repo.id.split('/')[1], path: '' },
    ...parts.map((name, index) => ({
      name,
      path: parts.slice(0, index + 1).join('/')
    }))
  ];
  return (
    <nav aria-label={trans.__('Folder')}>
      <ol className="phub-Breadcrumb">
        {steps.map(({ name, path }) => (
          <li key={path}>
            {path === model.path ? (
              <span aria-current="page">{name}</span>
            ) : (
              <button
                type="button"
                className="phub-LinkButton"
                onClick={() => model.openPath(path)}
              >
                {name}
              </button>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}

function Folder({ entries }: { entries: ITreeEntry[] }): JSX.Element {
  const { trans } = useRepo();
  if (entries.length === 0) {
    return (
      <Message title={trans.__('No files yet')}>
        <p>
          {trans.__('Upload some with HfApi().upload_folder or with git push.')}
        </p>
      </Message>
    );
  }
  const folders = entries.filter(entry => entry.type === 'directory');
  const files = entries.filter(entry => entry.type === 'file');
  return (
    <table className="phub-Files">
      <thead>
        <tr>
          <th scope="col">{trans.__('Name')}</th>
          <th scope="col">{trans.__('Last commit')}</th>
          <th scope="col" className="phub-Files-number">
            {trans.__('Size')}
          </th>
          <th scope="col" className="phub-Files-number">
            {trans.__('Changed')}
          </th>
          <th scope="col">
            <span className="phub-hidden">{trans.__('Download')}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {[...folders, ...files].map(entry => (
          <Row key={entry.path} entry={entry} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ entry }: { entry: ITreeEntry }): JSX.Element {
  const { model, trans } = useRepo();
  const isFile = entry.type === 'file';
  const Icon = isFile ? pageIcon : folderIcon;
  const date = entry.lastCommit?.date ?? '';
  return (
    <tr>
      <td>
        <button
          type="button"
          className="phub-LinkButton phub-Files-name"
          onClick={() => model.openPath(entry.path)}
        >
          <Icon.react tag="span" className="phub-icon" />
          {entry.path.split('/').pop()}
        </button>
        {entry.lfs && <LfsTag />}
      </td>
      <td className="phub-Files-commit" title={entry.lastCommit?.title}>
        {entry.lastCommit?.title}
      </td>
      <td className="phub-Files-number">
        {isFile ? fileSize(entry.size) : ''}
      </td>
      <td className="phub-Files-number" title={fullTime(date)}>
        {date && relativeTime(date, trans)}
      </td>
      <td>{isFile && <Download path={entry.path} />}</td>
    </tr>
  );
}
