using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;

namespace AtomikD.Doors;

/// <summary>
/// A connection's transport that is closed by <see cref="EndAsync"/> alone. Kestrel closes the socket right behind its GOAWAY: a caller
/// that is just sending its next request fails to write, and never reads that the request was not begun and may be sent again.
/// </summary>
internal sealed class PatientTransport : IDuplexPipe
{
    private static readonly TimeSpan s_shutdown = TimeSpan.FromSeconds(1);

    private readonly IDuplexPipe _inner;
    private readonly TaskCompletionSource _greeted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public PatientTransport(IDuplexPipe inner)
    {
        _inner = inner;
        Input = new Reader(inner.Input, _left);
        Output = new Writer(inner.Output, _greeted);
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    /// <summary>
    /// Something was sent, or never will be. A connection that is told to end before its SETTINGS has GOAWAY as its first frame, which
    /// callers take for a broken server.
    /// </summary>
    public Task Greeted => _greeted.Task;

    /// <summary>Closes it, once the caller has, or after <paramref name="patience"/>. What still comes is thrown away.</summary>
    public async Task EndAsync(TimeSpan patience)
    {
        _greeted.TrySetResult();
        if (patience > TimeSpan.Zero)
        {
            using var limit = new CancellationTokenSource(patience);
            await ReadToEndAsync(limit.Token);
        }
        await _inner.Output.CompleteAsync();
        // The socket is shut down now, and Kestrel's own reading comes to its end.
        await _left.Task.WaitAsync(s_shutdown).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ReadToEndAsync(CancellationToken limit)
    {
        try
        {
            await _left.Task.WaitAsync(limit);
            ReadResult result;
            do
            {
                result = await _inner.Input.ReadAsync(limit);
                _inner.Input.AdvanceTo(result.Buffer.End);
            }
            while (!result.IsCompleted);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ConnectionAbortedException)
        {
            // It stays, or has broken off.
        }
    }

    private sealed class Reader(PipeReader inner, TaskCompletionSource left) : PipeReader
    {
        /// <summary>What was read last; null where it was given back.</summary>
        private SequencePosition? _end;

        public override bool TryRead(out ReadResult result) => inner.TryRead(out result) && Take(result);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            ReadResult result = await inner.ReadAsync(cancellationToken);
            Take(result);
            return result;
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            _end = null;
            inner.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null)
        {
            if (_end is { } end)
                AdvanceTo(end);
            left.TrySetResult();
        }

        private bool Take(in ReadResult result)
        {
            _end = result.Buffer.End;
            return true;
        }
    }

    private sealed class Writer(PipeWriter inner, TaskCompletionSource greeted) : PipeWriter
    {
        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes) => inner.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            greeted.TrySetResult();
            return inner.FlushAsync(cancellationToken);
        }

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null)
        {
            // See EndAsync.
        }
    }
}
