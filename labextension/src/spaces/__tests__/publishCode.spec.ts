import { defaultSpace, isRepoId, modelsIn, publishLine } from '../publishCode';

const PUBLICATION = {
  space: 'ada/demo',
  title: '',
  models: [],
  private: false
};

describe('publishLine', () => {
  it('names the notebook as its kernel sees it', () => {
    expect(publishLine('notebooks/demo_app.ipynb', PUBLICATION)).toBe(
      '%phub publish demo_app.ipynb --space ada/demo'
    );
  });

  it('passes everything on', () => {
    expect(
      publishLine('app.ipynb', {
        space: 'ada/demo',
        title: 'Snippets',
        models: ['a/m', 'a/n'],
        private: true
      })
    ).toBe(
      '%phub publish app.ipynb --space ada/demo --title Snippets --model a/m --model a/n --private'
    );
  });

  it('quotes what a shell would take apart', () => {
    expect(
      publishLine("my app's.ipynb", { ...PUBLICATION, title: 'A "b" $c; d' })
    ).toBe(
      "%phub publish 'my app'\"'\"'s.ipynb' --space ada/demo --title 'A \"b\" $c; d'"
    );
  });
});

describe('defaultSpace', () => {
  it.each([
    ['notebooks/demo_app.ipynb', 'ada/demo_app'],
    ['Über  mein Modell!.ipynb', 'ada/ber-mein-modell'],
    ['...ipynb', 'ada/app']
  ])('makes a name from %s', (path, id) => {
    expect(defaultSpace('ada', path)).toBe(id);
    expect(isRepoId(id)).toBe(true);
  });
});

describe('isRepoId', () => {
  it.each([
    ['a/b', true],
    ['Ada_1/x.y-z', true],
    ['a', false],
    ['a/b/c', false],
    ['a/-b', false],
    ['a/b--c', false],
    ['a/b..c', false],
    ['a/b.git', false],
    ['a/', false]
  ])('judges %s', (id, valid) => {
    expect(isRepoId(id)).toBe(valid);
  });
});

describe('modelsIn', () => {
  it('finds the models that code names', () => {
    expect(
      modelsIn([
        'requests.post(f"{hub}/models/demo/one", json={})',
        '%phub infer demo/two "x"\npipeline(model="demo/three")',
        'AutoModel.from_pretrained("demo/one")\nMODEL = "demo/four"'
      ])
    ).toEqual(['demo/one', 'demo/two', 'demo/three', 'demo/four']);
  });
});
