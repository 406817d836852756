using System.Collections.Concurrent;
using AtomikD.GrpcTests.Protos;
using Google.Protobuf;
using Grpc.Core;

namespace AtomikD.GrpcTests.Support;

/// <summary>Answers what it is asked, and misbehaves on request (<c>act</c>).</summary>
internal sealed class EchoService : Echo.EchoBase
{
    public long Sent;

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _hanging = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _cancelled = new();

    public override async Task<EchoReply> Say(EchoRequest request, ServerCallContext context)
    {
        switch (request.Act)
        {
            case "status":
                context.ResponseTrailers.Add("from-handler", "yes");
                throw new RpcException(
                    new Status(StatusCode.FailedPrecondition, request.Text),
                    new Metadata { { "reason", "because" }, { "details-bin", new byte[] { 0, 1, 2, 255 } } });
            case "throw":
                throw new InvalidOperationException("secret: " + request.Text);
            case "hang":
                await HangAsync(request.Text, context);
                break;
            case "headers":
                await context.WriteResponseHeadersAsync(new Metadata { { "early", "bird" } });
                break;
            case "metadata":
                foreach (Metadata.Entry entry in context.RequestHeaders.Where(e => e.Key.StartsWith("x-", StringComparison.Ordinal)))
                    context.ResponseTrailers.Add(entry);
                break;
            case "set-status":
                context.Status = new Status(StatusCode.NotFound, "not here");
                break;
            case "deadline":
                return new EchoReply { Number = (context.Deadline - TimeProvider.System.GetUtcNow().UtcDateTime).Ticks };
            case "null":
                return null!;
            case "big":
                return new EchoReply { Payload = ByteString.CopyFrom(new byte[int.Parse(request.Text)]) };
        }
        return new EchoReply { Text = request.Text, Payload = request.Payload };
    }

    public override async Task Count(CountRequest request, IServerStreamWriter<EchoReply> responseStream, ServerCallContext context)
    {
        if (request.Act == "headers")
            await context.WriteResponseHeadersAsync(new Metadata { { "early", "bird" } });
        ByteString payload = ByteString.CopyFrom(new byte[request.PayloadSize]);
        for (long i = 0; i < request.Count; i++)
        {
            await responseStream.WriteAsync(new EchoReply { Number = i, Payload = payload });
            Interlocked.Increment(ref Sent);
        }
        switch (request.Act)
        {
            case "hang":
                await HangAsync("count", context);
                break;
            case "until-token":
                while (!context.CancellationToken.IsCancellationRequested)
                    await Task.WhenAny(Task.Delay(Timeout.Infinite, context.CancellationToken));
                break;
            case "status":
                throw new RpcException(new Status(StatusCode.DataLoss, "lost"), new Metadata { { "reason", "because" } });
            case "headers":
                await HangAsync("headers", context);
                break;
        }
    }

    public override async Task<EchoReply> Collect(IAsyncStreamReader<EchoRequest> requestStream, ServerCallContext context)
    {
        long count = 0;
        await foreach (EchoRequest request in requestStream.ReadAllAsync())
        {
            count++;
            switch (request.Act)
            {
                case "status":
                    throw new RpcException(new Status(StatusCode.Aborted, "enough"));
                case "answer":
                    return new EchoReply { Number = count, Text = "early" };
            }
        }
        return new EchoReply { Number = count };
    }

    public override async Task Chat(
        IAsyncStreamReader<EchoRequest> requestStream, IServerStreamWriter<EchoReply> responseStream, ServerCallContext context)
    {
        await foreach (EchoRequest request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            if (request.Act == "hang")
                await HangAsync(request.Text, context);
            await responseStream.WriteAsync(new EchoReply { Text = request.Text, Payload = request.Payload });
        }
    }

    /// <summary>When a handler hangs that was given this key.</summary>
    public Task WhenHanging(string key) => Source(_hanging, key).Task;

    /// <summary>When that handler saw its token end.</summary>
    public Task WhenCancelled(string key) => Source(_cancelled, key).Task;

    private static TaskCompletionSource Source(ConcurrentDictionary<string, TaskCompletionSource> sources, string key) =>
        sources.GetOrAdd(key, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    private async Task HangAsync(string key, ServerCallContext context)
    {
        Source(_hanging, key).TrySetResult();
        try
        {
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        }
        finally
        {
            Source(_cancelled, key).TrySetResult();
        }
    }
}
