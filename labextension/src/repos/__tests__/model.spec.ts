import { nullTranslator } from '@jupyterlab/translation';

import type { IRepoInfo } from '../../api';
import { HubError } from '../../api';
import { RepoModel } from '../model';

const trans = nullTranslator.load('phub_jupyter');
const REPO = { type: 'model', id: 'demo/m' } as const;
const INFO = {
  id: 'demo/m',
  likes: 2,
  cardData: { license: 'mit' }
} as unknown as IRepoInfo;

function hub(change: Partial<RepoModel.IHub> = {}): RepoModel.IHub {
  return {
    info: async () => INFO,
    isLiked: async () => true,
    like: async (_, liked) => ({ liked, likes: liked ? 3 : 1 }),
    ...change
  };
}

describe('RepoModel', () => {
  it('loads metadata and facts', async () => {
    const model = new RepoModel({ repo: REPO, hub: hub(), trans });
    await model.refresh();
    expect(model.facts?.license).toBe('mit');
    expect(model.liked).toBe(true);
    expect(model.error).toBe('');
  });

  it('says why it cannot be shown', async () => {
    const missing = new HubError({
      message: 'Repository not found.',
      status: 404,
      code: 'RepoNotFound',
      retryAfter: null
    });
    const model = new RepoModel({
      repo: REPO,
      hub: hub({
        info: () => Promise.reject(missing),
        isLiked: () => Promise.reject(missing)
      }),
      trans
    });
    await model.refresh();
    expect(model.info).toBeNull();
    expect(model.error).toBe('Repository not found.');
  });

  it('counts a like that was withdrawn', async () => {
    const model = new RepoModel({ repo: REPO, hub: hub(), trans });
    await model.refresh();
    await model.toggleLike();
    expect(model.liked).toBe(false);
    expect(model.info?.likes).toBe(1);
  });

  it('opens files in their tab', () => {
    const model = new RepoModel({ repo: REPO, hub: hub(), trans });
    let changes = 0;
    model.changed.connect(() => {
      changes += 1;
    });
    model.openPath('data/train.csv');
    expect(model.tab).toBe('files');
    expect(model.path).toBe('data/train.csv');
    expect(changes).toBe(1);
  });
});
