import { stripFrontMatter } from '../frontMatter';

describe('stripFrontMatter', () => {
  it('takes the front matter away', () => {
    const text = '---\nlicense: mit\ntags:\n- a\n---\n# Title\n';
    expect(stripFrontMatter(text)).toBe('# Title\n');
  });

  it('understands Windows line ends and a byte order mark', () => {
    const text = '\uFEFF---\r\nlicense: mit\r\n---\r\n# Title';
    expect(stripFrontMatter(text)).toBe('# Title');
  });

  it('takes only the block at the start', () => {
    const text = '# Title\n\n---\nnot: front matter\n---\n';
    expect(stripFrontMatter(text)).toBe(text);
  });

  it('stops at the first end', () => {
    const text = '---\na: 1\n---\ntext\n\n---\n\nmore';
    expect(stripFrontMatter(text)).toBe('text\n\n---\n\nmore');
  });

  it('leaves an unfinished block alone', () => {
    expect(stripFrontMatter('---\nlicense: mit\n')).toBe('---\nlicense: mit\n');
  });

  it('leaves nothing of a card that is all front matter', () => {
    expect(stripFrontMatter('---\nlicense: mit\n---')).toBe('');
  });
});
