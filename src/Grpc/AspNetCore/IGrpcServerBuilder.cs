using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server;

internal interface IGrpcServerBuilder
{
    IServiceCollection Services { get; }
}
