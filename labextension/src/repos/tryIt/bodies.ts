import type { IWidget } from '../../api';
import { TABLE_QUESTION, ZERO_SHOT, ZERO_SHOT_IMAGE } from './fields';
import { columnsOf, EMPTY_TABLE, readTable } from './tables';
import type { Values } from './values';
import { fileOf, listOf, recordOf, tableOf, textOf } from './values';

/** What is sent for what stands in the boxes. */
export function bodyOf(widget: IWidget, values: Values): unknown {
  const parameters = parametersOf(widget, values);
  return {
    inputs: inputsOf(widget, values),
    ...(parameters && { parameters })
  };
}

/** What stands in the boxes for the body of a call, such as an example. */
export function valuesOf(widget: IWidget, body: unknown): Values {
  const { inputs, parameters } = recordOf(body);
  const of = recordOf(inputs);
  const candidates = listOf(recordOf(parameters).candidate_labels);
  const labels = candidates.map(textOf).join(', ');
  switch (widget.inputs) {
    case 'question+context':
      return { question: textOf(of.question), context: textOf(of.context) };
    case 'sentences':
      return {
        source_sentence: textOf(of.source_sentence),
        sentences: listOf(of.sentences).map(textOf).join('\n')
      };
    case 'image':
    case 'audio':
      return { labels };
    case 'image+question':
      return { question: textOf(of.question) };
    case 'table':
      return {
        question: textOf(of.question),
        table: readTable(of.table ?? of.data) ?? undefined
      };
    default:
      return { text: textOf(inputs), labels };
  }
}

function inputsOf(widget: IWidget, values: Values): unknown {
  const file = fileOf(values.file)?.base64 ?? '';
  switch (widget.inputs) {
    case 'question+context':
      return {
        question: textOf(values.question),
        context: textOf(values.context)
      };
    case 'sentences':
      return {
        source_sentence: textOf(values.source_sentence),
        sentences: parts(values.sentences, '\n')
      };
    case 'image':
    case 'audio':
      return file;
    case 'image+question':
      return { image: file, question: textOf(values.question) };
    case 'table': {
      const table = tableOf(values.table) ?? EMPTY_TABLE;
      return widget.task === TABLE_QUESTION
        ? {
            question: textOf(values.question),
            table: columnsOf(table, false)
          }
        : { data: columnsOf(table, true) };
    }
    default:
      return textOf(values.text);
  }
}

function parametersOf(
  widget: IWidget,
  values: Values
): Readonly<Record<string, unknown>> | undefined {
  switch (widget.task) {
    case ZERO_SHOT:
    case ZERO_SHOT_IMAGE:
      return { candidate_labels: parts(values.labels, ',') };
    case 'text-classification':
      return { top_k: 10 };
    default:
      return undefined;
  }
}

function parts(value: unknown, mark: string): string[] {
  return textOf(value)
    .split(mark)
    .map(part => part.trim())
    .filter(Boolean);
}
