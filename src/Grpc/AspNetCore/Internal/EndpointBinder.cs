using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Makes an endpoint of every method that the generated code binds.</summary>
internal sealed class EndpointBinder<[DynamicallyAccessedMembers(ServiceType.Used)] TService>(IEndpointRouteBuilder builder, GrpcServer server) : ServiceBinderBase
    where TService : class
{
    private readonly ServiceActivator<TService> _activator = new(builder.ServiceProvider);
    private readonly List<IEndpointConventionBuilder> _endpoints = [];

    public IReadOnlyList<IEndpointConventionBuilder> Endpoints => _endpoints;

    public void BindAll()
    {
        BindServiceMethodAttribute attribute = typeof(TService).GetCustomAttribute<BindServiceMethodAttribute>(inherit: true)
            ?? throw new InvalidOperationException($"{typeof(TService)} does not derive from a generated service base class.");
        MethodInfo bind = attribute.BindType
            .GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            .Single(m => m.Name == attribute.BindMethodName && m.GetParameters() is [{ } first, _] && first.ParameterType == typeof(ServiceBinderBase));
        // Without an instance: each call finds its own.
        bind.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [this, null], null);
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
        Map(method, new UnaryHandler<TService, TRequest, TResponse>(
            server, method, _activator, Find<Func<TService, TRequest, ServerCallContext, Task<TResponse>>>(
                method, typeof(TRequest), typeof(ServerCallContext))));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) =>
        Map(method, new ClientStreamingHandler<TService, TRequest, TResponse>(
            server, method, _activator, Find<Func<TService, IAsyncStreamReader<TRequest>, ServerCallContext, Task<TResponse>>>(
                method, typeof(IAsyncStreamReader<TRequest>), typeof(ServerCallContext))));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) =>
        Map(method, new ServerStreamingHandler<TService, TRequest, TResponse>(
            server, method, _activator, Find<Func<TService, TRequest, IServerStreamWriter<TResponse>, ServerCallContext, Task>>(
                method, typeof(TRequest), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext))));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) =>
        Map(method, new DuplexStreamingHandler<TService, TRequest, TResponse>(
            server, method, _activator,
            Find<Func<TService, IAsyncStreamReader<TRequest>, IServerStreamWriter<TResponse>, ServerCallContext, Task>>(
                method, typeof(IAsyncStreamReader<TRequest>), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext))));

    private static TDelegate Find<TDelegate>(IMethod method, params Type[] parameters)
        where TDelegate : Delegate
    {
        MethodInfo found = typeof(TService).GetMethod(method.Name, BindingFlags.Instance | BindingFlags.Public, parameters)
            ?? throw new InvalidOperationException($"{typeof(TService)} has no method for {method.FullName}.");
        return found.CreateDelegate<TDelegate>();
    }

    private void Map(IMethod method, RequestDelegate answer) =>
        _endpoints.Add(builder.Map(RoutePatternFactory.Parse(method.FullName), answer).WithDisplayName($"gRPC - {method.FullName}"));

    private void Map<TRequest, TResponse>(IMethod method, MethodHandler<TService, TRequest, TResponse> handler)
        where TRequest : class
        where TResponse : class => Map(method, handler.HandleAsync);
}
