using System.Diagnostics.CodeAnalysis;
using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

internal sealed class UnaryHandler<[DynamicallyAccessedMembers(ServiceType.Used)] TService, TRequest, TResponse>(
    GrpcServer server,
    Method<TRequest, TResponse> method,
    ServiceActivator<TService> activator,
    Func<TService, TRequest, ServerCallContext, Task<TResponse>> invoke)
    : MethodHandler<TService, TRequest, TResponse>(server, method, activator)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    protected override async Task InvokeAsync(TService service, HttpServerCall call)
    {
        TRequest request = await ReadRequestAsync(call);
        WriteResponse(call, await invoke(service, request, call));
    }
}

internal sealed class ClientStreamingHandler<[DynamicallyAccessedMembers(ServiceType.Used)] TService, TRequest, TResponse>(
    GrpcServer server,
    Method<TRequest, TResponse> method,
    ServiceActivator<TService> activator,
    Func<TService, IAsyncStreamReader<TRequest>, ServerCallContext, Task<TResponse>> invoke)
    : MethodHandler<TService, TRequest, TResponse>(server, method, activator)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    protected override async Task InvokeAsync(TService service, HttpServerCall call) =>
        WriteResponse(call, await invoke(service, new RequestStream<TRequest>(call, Method.RequestMarshaller), call));
}

internal sealed class ServerStreamingHandler<[DynamicallyAccessedMembers(ServiceType.Used)] TService, TRequest, TResponse>(
    GrpcServer server,
    Method<TRequest, TResponse> method,
    ServiceActivator<TService> activator,
    Func<TService, TRequest, IServerStreamWriter<TResponse>, ServerCallContext, Task> invoke)
    : MethodHandler<TService, TRequest, TResponse>(server, method, activator)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    protected override async Task InvokeAsync(TService service, HttpServerCall call)
    {
        TRequest request = await ReadRequestAsync(call);
        await invoke(service, request, new ResponseStream<TResponse>(call, Method.ResponseMarshaller), call);
    }
}

internal sealed class DuplexStreamingHandler<[DynamicallyAccessedMembers(ServiceType.Used)] TService, TRequest, TResponse>(
    GrpcServer server,
    Method<TRequest, TResponse> method,
    ServiceActivator<TService> activator,
    Func<TService, IAsyncStreamReader<TRequest>, IServerStreamWriter<TResponse>, ServerCallContext, Task> invoke)
    : MethodHandler<TService, TRequest, TResponse>(server, method, activator)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    protected override Task InvokeAsync(TService service, HttpServerCall call) => invoke(
        service,
        new RequestStream<TRequest>(call, Method.RequestMarshaller),
        new ResponseStream<TResponse>(call, Method.ResponseMarshaller),
        call);
}
