using Microsoft.Extensions.Logging;

namespace AtomikD.Client.Internal;

/// <summary>What a staged file and a staged folder have in common: committed at most once, removed at the end if it was not.</summary>
internal sealed class StagedItem(ICommitDoor door, string route, string path, ILogger logger)
{
    private readonly Lock _lock = new();
    private State _state;
    private (string Name, string RequestId)? _unanswered;

    private enum State
    {
        Open,
        Committing,
        Committed,
        Disposed,
    }

    public string Path { get; private set; } = path;

    public async Task<CommittedVersion> CommitAsync(string name, CommitOptions? options, Func<ValueTask>? finish, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        options ??= new CommitOptions();
        Begin();
        State next = State.Open;
        try
        {
            if (finish is not null)
                await finish();
            // A request whose outcome nobody told is asked for again under its id, so that it is not made twice.
            string id = options.RequestId ?? (_unanswered is { } open && open.Name == name ? open.RequestId : RequestIds.New());
            _unanswered = (name, id);
            CommittedVersion version = await door.CommitAsync(route, Path, name, options with { RequestId = id }, cancellationToken);
            next = State.Committed;
            return options.RequestId is null ? version with { Repeated = false } : version;
        }
        catch (AtomikException e)
        {
            if (!e.IsOutcomeUnknown)
                _unanswered = null;
            if (e.IsPublished)
                next = State.Committed;
            Follow(e.ItemPath);
            throw;
        }
        finally
        {
            lock (_lock)
                _state = _state == State.Disposed ? State.Disposed : next;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_state is State.Disposed)
                return;
            bool isDone = _state is State.Committed;
            _state = State.Disposed;
            if (isDone)
                return;
        }
        door.Withdraw(Path);
        if (StagingFolder.Remove(Path) is { } problem)
            Log.NotRemoved(logger, Path, problem.Message);
    }

    private void Begin()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_state is State.Disposed, typeof(IAtomikStager));
            if (_state is State.Committed)
                throw new InvalidOperationException($"{Path} has been committed. Stage another item for the next version.");
            if (_state is State.Committing)
                throw new InvalidOperationException($"{Path} is being committed.");
            _state = State.Committing;
        }
    }

    /// <summary>A refused item is put back, beside its old name where that was taken. Paths of the daemon's host may differ from ours: the name counts.</summary>
    private void Follow(string? item)
    {
        if (string.IsNullOrEmpty(item))
            return;
        string candidate = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, System.IO.Path.GetFileName(item));
        if (File.Exists(candidate) || Directory.Exists(candidate))
            Path = candidate;
    }
}
