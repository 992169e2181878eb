import type { NotebookPanel } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';

/** Put code into a cell of its own below the active cell, or into the active one if it is empty. */
export function insertCell(panel: NotebookPanel, source: string): void {
  const notebook = panel.content;
  const active = notebook.activeCell;
  const isEmptyCode =
    active?.model.type === 'code' &&
    active.model.sharedModel.getSource().trim() === '';
  if (!isEmptyCode) {
    NotebookActions.insertBelow(notebook);
  }
  notebook.activeCell?.model.sharedModel.setSource(source);
  notebook.mode = 'edit';
  void notebook.scrollToItem(notebook.activeCellIndex);
}
