import { downloadIcon } from '@jupyterlab/ui-components';
import React, { useEffect, useState } from 'react';

import type { ITreeEntry } from '../../api';
import { CopyButton } from '../../components/CopyButton';
import { fileSize } from '../../components/fileSize';
import { LoadFailure } from '../../components/LoadFailure';
import { Message } from '../../components/Message';
import { relativeTime } from '../../components/relativeTime';
import { Skeleton } from '../../components/Skeleton';
import { useLoaded } from '../../components/useLoaded';
import { useRepo } from '../context';
import { fileKind, isBinary, TEXT_LIMIT } from '../fileKind';
import { REVISION } from '../model';
import { CodeView } from './CodeView';
import { LfsTag } from './LfsTag';

/** What the view of a file needs. */
export interface IFileViewProps {
  entry: ITreeEntry;
}

/** One file: what it is, and its content if a person can read it. */
export function FileView({ entry }: IFileViewProps): JSX.Element {
  const { trans } = useRepo();
  const kind = fileKind(entry);
  return (
    <div className="phub-FileView">
      <div className="phub-FileView-bar">
        <span>{fileSize(entry.size)}</span>
        {entry.lfs && <LfsTag />}
        {entry.lastCommit && (
          <span className="phub-FileView-commit">
            {entry.lastCommit.title},{' '}
            {relativeTime(entry.lastCommit.date, trans)}
          </span>
        )}
        <span className="phub-spacer" />
        <CopyButton
          text={entry.path}
          label={trans.__('Copy the path')}
          trans={trans}
        />
        <Download path={entry.path} showLabel />
      </div>
      {kind === 'image' && <Picture entry={entry} />}
      {kind === 'text' && <Text entry={entry} />}
      {kind === 'binary' && <Binary />}
    </div>
  );
}

/** What the link needs. */
export interface IDownloadProps {
  path: string;
  showLabel?: boolean;
}

/** A link that saves a file on the person's machine. */
export function Download({ path, showLabel }: IDownloadProps): JSX.Element {
  const { hub, model, trans } = useRepo();
  const name = path.split('/').pop() ?? path;
  return (
    <a
      className={showLabel ? 'phub-Button' : 'phub-IconButton'}
      href={hub.downloadUrl(model.repo, REVISION, path)}
      download={name}
      title={trans.__('Download %1', name)}
      aria-label={trans.__('Download %1', name)}
    >
      <downloadIcon.react tag="span" className="phub-icon" />
      {showLabel && trans.__('Download')}
    </a>
  );
}

function Binary(): JSX.Element {
  const { trans } = useRepo();
  return (
    <Message title={trans.__('This file is not text')}>
      <p>{trans.__('Download it, or load it in a notebook.')}</p>
    </Message>
  );
}

function Text({ entry }: IFileViewProps): JSX.Element {
  const { hub, model, editors, trans } = useRepo();
  const [file, retry] = useLoaded(
    () =>
      entry.size === 0
        ? Promise.resolve('')
        : hub.text(model.repo, REVISION, entry.path, TEXT_LIMIT),
    entry.oid
  );
  if (file.phase === 'loading') {
    return <Skeleton label={trans.__('Loading %1', entry.path)} rows={8} />;
  }
  if (file.phase === 'failed') {
    return (
      <LoadFailure
        title={trans.__('%1 cannot be shown', entry.path)}
        error={file.error}
        onRetry={retry}
        trans={trans}
      />
    );
  }
  if (isBinary(file.value)) {
    return <Binary />;
  }
  return (
    <>
      {entry.size > TEXT_LIMIT && (
        <p className="phub-Hint">
          {trans.__(
            'These are the first %1 of %2. Download the file to see the rest.',
            fileSize(TEXT_LIMIT),
            fileSize(entry.size)
          )}
        </p>
      )}
      <CodeView
        text={file.value}
        mimeType={editors.mimeTypeService.getMimeTypeByFilePath(entry.path)}
        label={trans.__('Content of %1', entry.path)}
        lineNumbers
      />
    </>
  );
}

function Picture({ entry }: IFileViewProps): JSX.Element {
  const { hub, model, trans } = useRepo();
  const [file, retry] = useLoaded(
    () => hub.blob(model.repo, REVISION, entry.path),
    entry.oid
  );
  const [url, setUrl] = useState('');
  const blob = file.phase === 'ready' ? file.value : null;
  useEffect(() => {
    if (!blob) {
      return;
    }
    const made = URL.createObjectURL(
      entry.path.endsWith('.svg')
        ? new Blob([blob], { type: 'image/svg+xml' })
        : blob
    );
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  if (file.phase === 'failed') {
    return (
      <LoadFailure
        title={trans.__('%1 cannot be shown', entry.path)}
        error={file.error}
        onRetry={retry}
        trans={trans}
      />
    );
  }
  return url ? (
    <img className="phub-FileView-picture" src={url} alt={entry.path} />
  ) : (
    <Skeleton label={trans.__('Loading %1', entry.path)} rows={4} />
  );
}
