import { EXAMPLE_TEXT } from './cells';

/** A way to call a model from a program. */
export interface IDeploySnippet {
  name: 'requests' | 'client' | 'curl';
  source: string;
}

/** How to call a model over HTTP; the token comes from the environment, never from the text. */
export function deploySnippets(endpoint: string, id: string): IDeploySnippet[] {
  const url = `${endpoint.replace(/\/+$/, '')}/models/${id}`;
  return [
    {
      name: 'requests',
      source: [
        'import os',
        '',
        'import requests',
        '',
        'answer = requests.post(',
        `    "${url}",`,
        '    headers={"Authorization": f"Bearer {os.environ[\'HF_TOKEN\']}"},',
        `    json={"inputs": "${EXAMPLE_TEXT}"},`,
        '    timeout=120,',
        ')',
        'answer.raise_for_status()',
        'print(answer.json())'
      ].join('\n')
    },
    {
      name: 'client',
      source: [
        'import os',
        '',
        'from huggingface_hub import InferenceClient',
        '',
        `client = InferenceClient(model="${url}", token=os.environ["HF_TOKEN"])`,
        `print(client.text_classification("${EXAMPLE_TEXT}"))`
      ].join('\n')
    },
    {
      name: 'curl',
      source: [
        `curl ${url} \\`,
        '  -H "Authorization: Bearer $HF_TOKEN" \\',
        '  -H "Content-Type: application/json" \\',
        `  -d '{"inputs": "${EXAMPLE_TEXT}"}'`
      ].join('\n')
    }
  ];
}
