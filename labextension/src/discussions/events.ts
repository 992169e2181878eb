import type { IDiscussionEvent } from '../api';

/** A comment as it is shown; the text of a hidden one may be missing. */
export interface IComment {
  kind: 'comment';
  text: string;
  isHidden: boolean;
  isEdited: boolean;
}

/** Something else that happened, in the words of its type. */
export interface INote {
  kind: 'status' | 'commit' | 'title' | 'other';
  text: string;
}

/** Read what an event says out of its data, whose shape depends on the type. */
export function readEvent(event: IDiscussionEvent): IComment | INote {
  const { data } = event;
  switch (event.type) {
    case 'comment':
      return {
        kind: 'comment',
        text: textOf(record(data.latest).raw),
        isHidden: data.hidden === true,
        isEdited: data.edited === true
      };
    case 'status-change':
      return { kind: 'status', text: textOf(data.status) };
    case 'commit':
      return {
        kind: 'commit',
        text: `${textOf(data.subject)} (${textOf(data.oid).slice(0, 8)})`
      };
    case 'title-change':
      return { kind: 'title', text: textOf(data.to) };
    default:
      return { kind: 'other', text: event.type };
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
