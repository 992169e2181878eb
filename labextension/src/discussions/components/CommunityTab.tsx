import React, { useState } from 'react';

import { DiscussionList } from './DiscussionList';
import { NewDiscussion } from './NewDiscussion';
import { Thread } from './Thread';

/** Which part of the tab is open: the list, the form, or a discussion by its number. */
export type Place = 'list' | 'new' | number;

/** What people say about a repository, and the changes that they propose. */
export function CommunityTab(): JSX.Element {
  const [place, setPlace] = useState<Place>('list');
  if (place === 'list') {
    return <DiscussionList onOpen={setPlace} />;
  }
  if (place === 'new') {
    return <NewDiscussion onOpen={setPlace} />;
  }
  return <Thread num={place} onOpen={setPlace} />;
}
