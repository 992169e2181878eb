import { deploySnippets } from '../deploy';

describe('deploySnippets', () => {
  const snippets = deploySnippets('http://127.0.0.1:8888/phub/', 'demo/m');

  it('calls the model in at most twelve lines of Python', () => {
    const lines = snippets[0].source.split('\n');
    expect(lines.length).toBeLessThanOrEqual(12);
    expect(snippets[0].source).toContain(
      '"http://127.0.0.1:8888/phub/models/demo/m"'
    );
  });

  it('takes the token from the environment and never shows one', () => {
    for (const { source } of snippets) {
      expect(source).toContain('HF_TOKEN');
      expect(source).not.toMatch(/hf_\w/);
    }
  });
});
