namespace AtomikD.Staging;

/// <summary>Who is told what happens in a staging folder. Called on the watcher's thread, so it only enqueues.</summary>
internal interface IMarkerSink
{
    /// <summary>A name ending in .ready; <paramref name="item"/> is the name without it.</summary>
    void MarkerSeen(ReadOnlySpan<byte> item, Discovery how);

    /// <summary>Something may have been missed.</summary>
    void ScanNeeded();

    /// <summary>The folder itself was moved, deleted or unmounted.</summary>
    void FolderLost();
}
