using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Telemetry;
using AtomikD.Trees;

namespace AtomikD.Uploads;

/// <summary>
/// One upload: received into the vault's upload folder, then committed from there. However it ends, nothing of it is left
/// but a committed version. It holds the route's folders, and lets go of them at its end, or when they are given up.
/// </summary>
internal sealed class UploadSession : IAsyncDisposable
{
    private enum State
    {
        Opened,
        Receiving,
        Received,
        Committing,
        Over,
    }

    private readonly Lock _lock = new();
    private readonly UploadPlace _place;
    private readonly RouteSettings _settings;
    private readonly UploadRequestInfo _header;
    private readonly Fd _item;
    private readonly uint _uid;
    private readonly uint _gid;
    private readonly CancellationTokenRegistration _givingUp;
    private readonly CommitTrace? _trace = CommitTrace.Start();
    private State _state;

    private UploadSession(UploadPlace place, RouteSettings settings, UploadRequestInfo header, Fd item, uint uid, uint gid)
    {
        _place = place;
        _settings = settings;
        _header = header;
        _item = item;
        _uid = uid;
        _gid = gid;
        _givingUp = place.Folders.GivenUp.Register(GiveUp);
    }

    private string Shown => $"the upload of {_header.Name}";

    /// <summary>Makes the upload's place. Where it is refused, the folders are the caller's to let go of.</summary>
    public static Refusal? Begin(UploadPlace place, UploadRequestInfo header, uint uid, uint gid, out UploadSession? session)
    {
        session = null;
        RouteSettings settings = place.Route.Settings;
        if (Staging.ItemNames.WhatIsWrong(System.Text.Encoding.UTF8.GetBytes(header.Name)) is { } wrong)
            return new Refusal(Reason.InvalidName, $"The name in the target cannot be used: {wrong}.", "Choose another name.");
        if (header.Size > settings.MaxUpload)
            return UploadStream.TooLarge(header.Name, header.Size.Value, settings);
        if (UploadStream.CheckRoom(place.Folders.Vault.Folder, settings, header.Size, header.Name) is { } refusal)
            return refusal;
        Errno error = place.Make(header.IsFolder, out Fd item);
        if (error != Errno.None)
        {
            item.Dispose();
            place.Clear();
            return UploadRefusals.From(error, $"make {place.Path}");
        }
        session = new UploadSession(place, settings, header, item, uid, gid);
        return null;
    }

    /// <summary>Reads to the end: a file's bytes, or a tar stream. Where it is refused, or throws, nothing is left.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled by the caller.</exception>
    public async Task<Refusal?> ReceiveAsync(Stream data, CancellationToken cancellation)
    {
        if (!TryGo(State.Opened, State.Receiving))
            return UploadRefusals.Stopped(_settings.Name);
        _trace?.Begin(CommitStep.Receive);
        CancellationToken givenUp = _place.Folders.GivenUp;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, givenUp);
        bool isWhole = false;
        try
        {
            await using var input = new UploadStream(data, _place.Folders.Vault.Folder, _settings, _header);
            Refusal? refusal = _header.IsFolder
                ? await ReceiveFolderAsync(input, stop.Token)
                : await FileReceiver.ReceiveAsync(input, _item, Shown, new UploadOwner(_uid, _gid), stop.Token);
            isWhole = refusal is null;
            _trace?.End(CommitStep.Receive);
            return refusal;
        }
        catch (OperationCanceledException) when (givenUp.IsCancellationRequested)
        {
            return UploadRefusals.Stopped(_settings.Name);
        }
        finally
        {
            _item.Dispose();
            if (!isWhole)
                End();
            else if (TryGo(State.Receiving, State.Received) && givenUp.IsCancellationRequested)
                GiveUp();
        }
    }

    private async Task<Refusal?> ReceiveFolderAsync(UploadStream input, CancellationToken stop)
    {
        Errno error = Stat.FStat(_item, out FileStatus status);
        if (error != Errno.None)
            return UploadRefusals.From(error, $"look at {_place.Path}");
        using var tree = new UploadTree(_item, status, Shown);
        if (await new TarReceiver(input, tree, Shown).ReceiveAsync(stop) is { } refusal)
            return refusal;
        // As long as the tree is large: no thread of the pool is kept for it.
        return await Task.Factory.StartNew(() => tree.Finish(_uid, _gid, stop), stop, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Commits what was received. Cancelling ends the waiting, not the commit.</summary>
    public async Task<CommitResult> CommitAsync(CancellationToken waiting)
    {
        if (!TryGo(State.Received, State.Committing))
            return new CommitResult(null, false, UploadRefusals.Stopped(_settings.Name), null);
        var reply = new CommitReply();
        Task<CommitResult> decided = EndWhenDecidedAsync(reply.Task);
        _place.Lane.Submit(new Commit
        {
            Route = _place.Route,
            Source = Name.Empty,
            UploadName = _place.Name,
            Door = Door.Rpc,
            Options = _header.Options with { Name = _header.Name },
            Uid = _uid,
            Reply = reply,
            Trace = _trace,
        });
        return await decided.WaitAsync(waiting);
    }

    private async Task<CommitResult> EndWhenDecidedAsync(Task<CommitResult> decision)
    {
        try
        {
            // What is left may take long to remove, and other answers wait for the thread that brought this one.
            CommitResult result = await decision.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            return result.Refusal is { } refusal ? result with { Refusal = UploadRefusals.InItsWords(refusal) } : result;
        }
        finally
        {
            End();
        }
    }

    /// <summary>Not while it receives. A commit that is in work goes on, and what it does not take is removed after it.</summary>
    public ValueTask DisposeAsync()
    {
        if (TryGo(State.Opened, State.Received) || IsIn(State.Received))
            End();
        return ValueTask.CompletedTask;
    }

    /// <summary>The folders are given up: who only holds them lets go of them. What is received is ended by its own token.</summary>
    private void GiveUp()
    {
        if (TryGo(State.Opened, State.Received) || IsIn(State.Received))
            End();
    }

    private bool IsIn(State state)
    {
        lock (_lock)
            return _state == state;
    }

    private bool TryGo(State from, State to)
    {
        lock (_lock)
        {
            if (_state != from)
                return false;
            _state = to;
            return true;
        }
    }

    private void End()
    {
        lock (_lock)
        {
            if (_state == State.Over)
                return;
            _state = State.Over;
        }
        _givingUp.Unregister();
        _item.Dispose();
        _place.Clear();
        _place.Folders.Release();
        _place.Left();
    }
}
