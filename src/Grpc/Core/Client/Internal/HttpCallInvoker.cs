using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>The four shapes of a call, made of one <see cref="ClientCall"/> and what reads and writes beside it.</summary>
internal sealed class HttpCallInvoker(GrpcChannel channel) : CallInvoker
{
    private static readonly Func<object, Task<Metadata>> s_headers = call => ((ClientCall)call).ResponseHeadersAsync;
    private static readonly Func<object, Status> s_status = call => ((ClientCall)call).GetStatus();
    private static readonly Func<object, Metadata> s_trailers = call => ((ClientCall)call).GetTrailers();
    private static readonly Action<object> s_dispose = call => ((ClientCall)call).Dispose();

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        using AsyncUnaryCall<TResponse> call = AsyncUnaryCall(method, host, options, request);
        return call.ResponseAsync.GetAwaiter().GetResult();
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var call = new ClientCall(channel, method, host, options);
        Task<TResponse> response = call.ReadSingleAsync(MessageContent.Create(call, method.RequestMarshaller, request), method.ResponseMarshaller);
        return new AsyncUnaryCall<TResponse>(response, s_headers, s_status, s_trailers, s_dispose, call);
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var call = new ClientCall(channel, method, host, options);
        Task<bool> opened = call.OpenAsync(MessageContent.Create(call, method.RequestMarshaller, request), longLived: true);
        var reader = new ClientStreamReader<TResponse>(call, opened, method.ResponseMarshaller);
        return new AsyncServerStreamingCall<TResponse>(reader, s_headers, s_status, s_trailers, s_dispose, call);
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var call = new ClientCall(channel, method, host, options);
        var content = new PushContent(call);
        Task<TResponse> response = call.ReadSingleAsync(content, method.ResponseMarshaller);
        var writer = new ClientStreamWriter<TRequest>(call, content, method.RequestMarshaller, options.WriteOptions);
        return new AsyncClientStreamingCall<TRequest, TResponse>(writer, response, s_headers, s_status, s_trailers, s_dispose, call);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var call = new ClientCall(channel, method, host, options);
        var content = new PushContent(call);
        Task<bool> opened = call.OpenAsync(content, longLived: true);
        var reader = new ClientStreamReader<TResponse>(call, opened, method.ResponseMarshaller);
        var writer = new ClientStreamWriter<TRequest>(call, content, method.RequestMarshaller, options.WriteOptions);
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(writer, reader, s_headers, s_status, s_trailers, s_dispose, call);
    }
}
