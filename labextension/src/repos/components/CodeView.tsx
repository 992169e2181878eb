import { CodeEditor, CodeEditorWrapper } from '@jupyterlab/codeeditor';
import { Widget } from '@lumino/widgets';
import React, { useEffect, useRef } from 'react';

import { useRepo } from '../context';

/** What the view needs. */
export interface ICodeViewProps {
  text: string;
  mimeType: string;
  /** Whether lines are numbered, as in a file. */
  lineNumbers?: boolean;
  label?: string;
}

/** A text in Lab's own editor, which cannot be changed. */
export function CodeView(props: ICodeViewProps): JSX.Element {
  const { text, mimeType, lineNumbers, label } = props;
  const { editors } = useRepo();
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const model = new CodeEditor.Model({ mimeType });
    model.sharedModel.setSource(text);
    const editor = new CodeEditorWrapper({
      model,
      factory: editors.factoryService.newDocumentEditor,
      editorOptions: {
        config: {
          readOnly: true,
          lineNumbers: lineNumbers ?? false,
          lineWrap: true,
          highlightActiveLine: false
        }
      }
    });
    if (host.current) {
      Widget.attach(editor, host.current);
    }
    return () => {
      editor.dispose();
      model.dispose();
    };
  }, [editors, text, mimeType, lineNumbers]);
  return (
    <div
      ref={host}
      className="phub-CodeView"
      role={label ? 'region' : undefined}
      aria-label={label}
    />
  );
}
