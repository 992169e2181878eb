import { CodeEditor, CodeEditorWrapper } from '@jupyterlab/codeeditor';
import React, { useCallback } from 'react';

import { WidgetHost } from '../../components/WidgetHost';
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
  const { text, mimeType, lineNumbers = false, label } = props;
  const { editors } = useRepo();
  const create = useCallback(() => {
    const model = new CodeEditor.Model({ mimeType });
    model.sharedModel.setSource(text);
    const editor = new CodeEditorWrapper({
      model,
      factory: editors.factoryService.newInlineEditor,
      editorOptions: {
        config: {
          readOnly: true,
          lineNumbers,
          lineWrap: true,
          highlightActiveLine: false
        }
      }
    });
    editor.disposed.connect(model.dispose, model);
    return editor;
  }, [editors, text, mimeType, lineNumbers]);
  return <WidgetHost create={create} className="phub-CodeView" label={label} />;
}
