using System.Diagnostics.CodeAnalysis;
using Grpc.AspNetCore.Server.Internal;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

internal static class GrpcEndpointRouteBuilderExtensions
{
    /// <summary>Serves the methods of a generated service base class. The service comes from the container, or is made for each call.</summary>
    public static GrpcServiceEndpointConventionBuilder MapGrpcService<[DynamicallyAccessedMembers(ServiceType.Used)] TService>(this IEndpointRouteBuilder builder)
        where TService : class
    {
        GrpcServer server = builder.ServiceProvider.GetService<GrpcServer>()
            ?? throw new InvalidOperationException("Call AddGrpc on the services first.");
        server.MapUnknownMethods(builder);
        var binder = new EndpointBinder<TService>(builder, server);
        binder.BindAll();
        return new GrpcServiceEndpointConventionBuilder(binder.Endpoints);
    }
}
