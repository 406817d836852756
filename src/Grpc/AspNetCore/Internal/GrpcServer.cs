using Grpc.Core;
using Grpc.Core.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>What all calls of a server share.</summary>
internal sealed class GrpcServer(
    IOptions<GrpcServiceOptions> options, IHostApplicationLifetime lifetime, ILogger<GrpcServer> logger, TimeProvider? timeProvider = null)
{
    private bool _unknownMethodsMapped;

    public GrpcServiceOptions Options { get; } = options.Value;

    public ILogger Logger { get; } = logger;

    public TimeProvider Time { get; } = timeProvider ?? TimeProvider.System;

    public CancellationToken Stopping { get; } = lifetime.ApplicationStopping;

    /// <summary>A gRPC call that nothing else answers is told so in its own protocol. Once per server.</summary>
    public void MapUnknownMethods(IEndpointRouteBuilder builder)
    {
        if (_unknownMethodsMapped)
            return;
        _unknownMethodsMapped = true;
        builder.Map(RoutePatternFactory.Parse("{**path}"), AnswerUnknown)
            .WithDisplayName("gRPC - unknown method")
            .Add(endpoint => ((RouteEndpointBuilder)endpoint).Order = int.MaxValue);
    }

    private static Task AnswerUnknown(HttpContext http)
    {
        if (!HttpMethods.IsPost(http.Request.Method) || !GrpcProtocol.IsGrpc(http.Request.ContentType))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }
        http.Response.ContentType = GrpcProtocol.ContentType;
        ResponseStatus.Write(http.Response.Headers, new Status(StatusCode.Unimplemented, "This server has no such method."), null);
        return OpenRequest.DrainAsync(http);
    }
}
