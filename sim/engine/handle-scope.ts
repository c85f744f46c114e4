/** Anything that embind handed out and that must be freed by hand. */
export interface Handle {
  delete(): void;
}

/** Collects WebAssembly handles and frees them together, newest first. */
export class HandleScope {
  private readonly handles: Handle[] = [];

  /** Takes ownership of `handle` and returns it. */
  keep<T extends Handle>(handle: T): T {
    this.handles.push(handle);
    return handle;
  }

  release(): void {
    for (let handle = this.handles.pop(); handle; handle = this.handles.pop()) handle.delete();
  }
}
