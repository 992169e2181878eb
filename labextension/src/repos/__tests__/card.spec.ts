import type { IRepoInfo } from '../../api';
import { cardFacts } from '../card';
import { CardResolver, cardTarget } from '../cardLinks';
import { fileKind, isBinary } from '../fileKind';
import { parseRepoRef } from '../repoRef';

function info(cardData: Record<string, unknown>): IRepoInfo {
  return { id: 'demo/m', cardData } as unknown as IRepoInfo;
}

describe('cardFacts', () => {
  it('reads one value and lists alike', () => {
    const facts = cardFacts(
      info({
        license: 'mit',
        language: 'en',
        base_model: ['demo/minilm'],
        datasets: 'demo/reviews'
      })
    );
    expect(facts.license).toBe('mit');
    expect(facts.languages).toEqual(['en']);
    expect(facts.baseModels).toEqual([{ type: 'model', id: 'demo/minilm' }]);
    expect(facts.datasets).toEqual([{ type: 'dataset', id: 'demo/reviews' }]);
  });

  it('reads the scores of a model index', () => {
    const facts = cardFacts(
      info({
        'model-index': [
          {
            results: [
              {
                dataset: { name: 'reviews' },
                metrics: [{ type: 'accuracy', value: 0.812345 }]
              }
            ]
          }
        ]
      })
    );
    expect(facts.scores).toEqual([
      { metric: 'accuracy', value: '0.8123', dataset: 'reviews' }
    ]);
  });

  it('survives a card of any shape', () => {
    const facts = cardFacts(
      info({
        license: { name: 1 },
        tags: 'one',
        'model-index': 'x',
        datasets: [{}, 'javascript:alert(1)', 'a/b/c']
      })
    );
    expect(facts.license).toBeNull();
    expect(facts.tags).toEqual(['one']);
    expect(facts.scores).toEqual([]);
    expect(facts.datasets).toEqual([]);
  });
});

describe('links of a card', () => {
  it.each([
    ['sub/a%20b.txt', { kind: 'file', path: 'sub/a b.txt' }],
    ['../../../etc/passwd', { kind: 'file', path: 'etc/passwd' }],
    [
      '/demo/minilm',
      { kind: 'repo', repo: { type: 'model', id: 'demo/minilm' } }
    ],
    ['/datasets/a/d', { kind: 'repo', repo: { type: 'dataset', id: 'a/d' } }],
    ['#part', null],
    ['https://example.org/', null],
    ['//example.org/x', null],
    ['javascript:alert(1)', null]
  ])('leads %s to the right place', (href, target) => {
    expect(cardTarget(href)).toEqual(target);
  });

  it('loads pictures from the repository', async () => {
    const resolver = new CardResolver(
      { fileUrl: (repo, revision, path) => `${repo.id}@${revision}:${path}` },
      { type: 'model', id: 'a/m' }
    );
    expect(resolver.isLocal('plot.png')).toBe(true);
    expect(resolver.isLocal('https://example.org/a.png')).toBe(false);
    const path = await resolver.resolveUrl('./img/plot.png');
    expect(await resolver.getDownloadUrl(path)).toBe('a/m@main:img/plot.png');
  });
});

describe('files', () => {
  it.each([
    ['README.md', 10, 'text'],
    ['.gitattributes', 10, 'text'],
    ['plot.PNG', 10, 'image'],
    ['huge.png', 90_000_000, 'binary'],
    ['model.safetensors', 10, 'binary']
  ])('shows %s of %d bytes as %s kind', (path, size, kind) => {
    expect(fileKind({ path, size })).toBe(kind);
  });

  it('recognises bytes that are no text', () => {
    expect(isBinary('PK\u0003\u0004\0')).toBe(true);
    expect(isBinary('\uFFFD'.repeat(50))).toBe(true);
    expect(isBinary('Grüße, 你好\n')).toBe(false);
    expect(isBinary('')).toBe(false);
  });
});

describe('parseRepoRef', () => {
  it.each([
    ['demo/minilm', { type: 'model', id: 'demo/minilm' }],
    [' datasets/a/d ', { type: 'dataset', id: 'a/d' }],
    ['/spaces/a/s/', { type: 'space', id: 'a/s' }],
    ['minilm', null],
    ['a/b/c', null],
    ['', null]
  ])('reads "%s"', (text, repo) => {
    expect(parseRepoRef(text)).toEqual(repo);
  });
});
