using AtomikD.Routes;
using Grpc.Core;
using Grpc.Health.V1;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace AtomikD.Api;

/// <summary>Health of the daemon (no service named), of the commit service, and of each route by its name.</summary>
internal sealed class HealthApi(Access access) : Health.HealthBase
{
    private const string CommitServiceName = "atomikd.v1.CommitService";

    /// <summary>How soon a watcher hears of a change.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);

    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context)
    {
        ServingStatus status = StatusOf(request.Service, context);
        return status == ServingStatus.ServiceUnknown
            ? throw new RpcException(new Status(StatusCode.NotFound, $"There is no service {request.Service} that you may use."))
            : Task.FromResult(new HealthCheckResponse { Status = status });
    }

    public override async Task Watch(HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        CancellationToken end = CallGuard.EndOf(context);
        ServingStatus? told = null;
        while (true)
        {
            ServingStatus status = StatusOf(request.Service, context);
            if (status != told)
                await responseStream.WriteAsync(new HealthCheckResponse { Status = status }, end);
            told = status;
            await Task.Delay(s_look, end);
        }
    }

    private ServingStatus StatusOf(string service, ServerCallContext context)
    {
        if (service is "" or CommitServiceName)
            return ServingStatus.Serving;
        Route? route = access.Engine.FindRoute(service);
        return route is null || !Access.PeerOf(context).MayUse(route.Settings) ? ServingStatus.ServiceUnknown
            : route.Trouble is null ? ServingStatus.Serving
            : ServingStatus.NotServing;
    }
}
