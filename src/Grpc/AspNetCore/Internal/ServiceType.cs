using System.Diagnostics.CodeAnalysis;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>What is looked up in a service by reflection, so that trimming keeps it.</summary>
internal static class ServiceType
{
    public const DynamicallyAccessedMemberTypes Used = DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.PublicMethods;
}
