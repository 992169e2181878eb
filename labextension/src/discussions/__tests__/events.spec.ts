import type { IDiscussionEvent } from '../../api';
import { readEvent } from '../events';

function event(type: string, data: IDiscussionEvent['data']): IDiscussionEvent {
  return { id: 'a', type, createdAt: '2026-01-31T12:00:00.000Z', data };
}

describe('readEvent', () => {
  it('takes the latest text of a comment', () => {
    const data = { edited: true, hidden: false, latest: { raw: 'Why?' } };
    expect(readEvent(event('comment', data))).toEqual({
      kind: 'comment',
      text: 'Why?',
      isHidden: false,
      isEdited: true
    });
  });

  it('shows a hidden comment without its text', () => {
    const found = readEvent(event('comment', { hidden: true, latest: null }));
    expect(found).toMatchObject({ text: '', isHidden: true });
  });

  it.each([
    ['status-change', { status: 'closed' }, 'status', 'closed'],
    ['title-change', { from: 'a', to: 'b' }, 'title', 'b'],
    [
      'commit',
      { subject: 'Add', oid: '0123456789abcdef' },
      'commit',
      'Add (01234567)'
    ],
    ['pinning-change', {}, 'other', 'pinning-change']
  ])('reads %s', (type, data, kind, text) => {
    expect(readEvent(event(type, data))).toEqual({ kind, text });
  });

  it('survives data of another shape', () => {
    expect(readEvent(event('comment', { latest: 7 }))).toMatchObject({
      text: ''
    });
  });
});
