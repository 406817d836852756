using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AtomikD.Api;

/// <summary>
/// How calls end that do not end by themselves: a stream with UNAVAILABLE as soon as the daemon stops, instead of holding up the stop;
/// an error that nobody expected with UNKNOWN, without its text, and in the log. What callers do wrong is not logged.
/// </summary>
internal sealed class CallGuard(IHostApplicationLifetime lifetime, ILogger<CommitApi> logger) : Interceptor
{
    private static readonly object s_end = new();

    private bool IsStopping => lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>Set when the caller leaves; for a stream also when the daemon stops.</summary>
    public static CancellationToken EndOf(ServerCallContext context) =>
        context.UserState.TryGetValue(s_end, out object? end) ? (CancellationToken)end : context.CancellationToken;

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw StatusOf(e, context);
        }
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        using CancellationTokenSource end = Begin(context);
        try
        {
            return await continuation(new RequestReader<TRequest>(requestStream), context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw StatusOf(e, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        using CancellationTokenSource end = Begin(context);
        var writer = new NotedWriter<TResponse>(responseStream);
        try
        {
            await continuation(request, writer, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            // The caller takes nothing: no status would get past what it has not taken.
            if (writer.IsWriting)
                context.GetHttpContext().Abort();
            throw StatusOf(e, context);
        }
        // The stream may not be whole.
        if (IsStopping)
            throw Stopping();
    }

    private CancellationTokenSource Begin(ServerCallContext context)
    {
        var end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        context.UserState[s_end] = end.Token;
        return end;
    }

    private RpcException StatusOf(Exception e, ServerCallContext context)
    {
        if (e is OperationCanceledException && IsStopping)
            return Stopping();
        if (context.CancellationToken.IsCancellationRequested)
            return Left();
        Log.UnexpectedInCall(logger, context.Method, e);
        return new RpcException(new Status(StatusCode.Unknown, "The daemon failed; its log tells more."));
    }

    private static RpcException Stopping() => new(new Status(StatusCode.Unavailable, "The daemon is stopping."));

    private static RpcException Left() => new(new Status(StatusCode.Cancelled, "The caller has left."));

    /// <summary>A stream that is reset while it is read says so before the token does. Other errors of that kind are the daemon's own.</summary>
    private sealed class RequestReader<T>(IAsyncStreamReader<T> inner) : IAsyncStreamReader<T>
    {
        public T Current => inner.Current;

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            try
            {
                return await inner.MoveNext(cancellationToken);
            }
            catch (IOException)
            {
                throw Left();
            }
        }
    }

    private sealed class NotedWriter<T>(IServerStreamWriter<T> inner) : IServerStreamWriter<T>
    {
        /// <summary>A message has been given, and was not taken.</summary>
        public bool IsWriting { get; private set; }

        public WriteOptions? WriteOptions
        {
            get => inner.WriteOptions;
            set => inner.WriteOptions = value;
        }

        public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

        public async Task WriteAsync(T message, CancellationToken cancellationToken)
        {
            IsWriting = true;
            await inner.WriteAsync(message, cancellationToken);
            IsWriting = false;
        }
    }
}
