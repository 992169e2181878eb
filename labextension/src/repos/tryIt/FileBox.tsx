import React, { useState } from 'react';

import { fileSize } from '../../components/fileSize';
import { useRepo } from '../context';
import type { IField } from './fields';
import { fileUrl, LARGEST_FILE, readFile } from './files';
import type { IChosenFile } from './values';

/** What the box needs. */
export interface IFileBoxProps {
  field: IField;
  file: IChosenFile | null;
  onChange: (file: IChosenFile) => void;
}

/** A box for a picture or sound: choose a file, or drop or paste one. */
export function FileBox({ field, file, onChange }: IFileBoxProps): JSX.Element {
  const { trans } = useRepo();
  const [problem, setProblem] = useState('');
  const [isOver, setOver] = useState(false);
  const isPicture = field.kind === 'image';

  const take = (files: FileList | null | undefined): boolean => {
    const chosen = files?.[0];
    if (!chosen) {
      return false;
    }
    if (!chosen.type.startsWith(`${field.kind}/`)) {
      setProblem(
        isPicture
          ? trans.__('%1 is not a picture.', chosen.name)
          : trans.__('%1 is not a sound.', chosen.name)
      );
    } else if (chosen.size > LARGEST_FILE) {
      setProblem(
        trans.__('%1 is larger than %2.', chosen.name, fileSize(LARGEST_FILE))
      );
    } else {
      setProblem('');
      readFile(chosen, chosen.name).then(onChange, (error: unknown) =>
        setProblem(String(error))
      );
    }
    return true;
  };
  return (
    <div
      className={`phub-FileBox${isOver ? ' phub-mod-over' : ''}`}
      onDragOver={event => {
        event.preventDefault();
        event.stopPropagation();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={event => {
        event.preventDefault();
        event.stopPropagation();
        setOver(false);
        take(event.dataTransfer.files);
      }}
      onPaste={event => {
        if (take(event.clipboardData.files)) {
          event.preventDefault();
        }
      }}
    >
      {file && isPicture && (
        <img
          className="phub-FileBox-picture"
          src={fileUrl(file)}
          alt={file.name}
        />
      )}
      {file && !isPicture && <audio controls src={fileUrl(file)} />}
      <div className="phub-FileBox-choice">
        <label className="phub-Button">
          <input
            type="file"
            accept={`${field.kind}/*`}
            aria-label={field.label}
            onChange={event => take(event.target.files)}
          />
          {isPicture
            ? trans.__('Choose a picture')
            : trans.__('Choose a sound')}
        </label>
        <span className="phub-Hint">
          {file?.name ??
            (isPicture
              ? trans.__('or drop or paste one here')
              : trans.__('or drop one here'))}
        </span>
      </div>
      {problem && (
        <p className="phub-Error" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
