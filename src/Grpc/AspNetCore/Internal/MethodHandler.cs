using System.Diagnostics.CodeAnalysis;
using Grpc.Core;
using Grpc.Core.Wire;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Takes a call from its first header to its status; the four shapes differ in <see cref="InvokeAsync"/> only.</summary>
internal abstract class MethodHandler<[DynamicallyAccessedMembers(ServiceType.Used)] TService, TRequest, TResponse>(
    GrpcServer server, Method<TRequest, TResponse> method, ServiceActivator<TService> activator)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    protected Method<TRequest, TResponse> Method { get; } = method;

    public Task HandleAsync(HttpContext http)
    {
        if (Refuse(http) is { } statusCode)
        {
            http.Response.StatusCode = statusCode;
            return Task.CompletedTask;
        }
        http.Response.ContentType = GrpcProtocol.ContentType;
        return AnswerAsync(http);
    }

    protected abstract Task InvokeAsync(TService service, HttpServerCall call);

    /// <summary>The one message of a call that has one request.</summary>
    protected async ValueTask<TRequest> ReadRequestAsync(HttpServerCall call)
    {
        try
        {
            TRequest request = await call.Reader.ReadAsync(Method.RequestMarshaller, call.WaitToken)
                ?? throw new RpcException(new Status(StatusCode.Unimplemented, "The request has no message."));
            await call.Reader.ReadEndAsync(StatusCode.Unimplemented, call.WaitToken);
            return request;
        }
        catch (IOException e)
        {
            call.NoteBreak(e);
            throw;
        }
    }

    /// <summary>The one message of a call that has one response. It waits for the trailers and leaves with them.</summary>
    protected void WriteResponse(HttpServerCall call, TResponse? response)
    {
        if (response is null)
            throw new RpcException(new Status(StatusCode.Cancelled, "The handler returned no message."));
        if (!call.IsOver && call.Status.StatusCode == StatusCode.OK)
            call.WriteMessage(Method.ResponseMarshaller, response);
    }

    private static int? Refuse(HttpContext http)
    {
        if (!HttpMethods.IsPost(http.Request.Method))
        {
            http.Response.Headers.Allow = HttpMethods.Post;
            return StatusCodes.Status405MethodNotAllowed;
        }
        if (!GrpcProtocol.IsGrpc(http.Request.ContentType))
            return StatusCodes.Status415UnsupportedMediaType;
        return HttpProtocol.IsHttp2(http.Request.Protocol) || HttpProtocol.IsHttp3(http.Request.Protocol)
            ? null
            : StatusCodes.Status426UpgradeRequired;
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var call = new HttpServerCall(http, server, Method);
        Exception? failure = null;
        try
        {
            call.Begin();
            TService service = activator.Get(http.RequestServices);
            try
            {
                await InvokeAsync(service, call);
            }
            finally
            {
                await activator.ReleaseAsync(service);
            }
        }
        catch (Exception e)
        {
            failure = e;
        }
        call.End(failure);
        if (!call.Reader.Ended && !call.WasReset)
            await OpenRequest.DrainAsync(http);
    }
}
