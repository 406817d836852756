using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace AtomikD.Client;

/// <summary>The public interface of an assembly, one member per line, in an order that does not change by itself.</summary>
internal static class PublicApiText
{
    private static readonly NullabilityInfoContext s_nullability = new();

    public static string Of(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(Kind(type)).Append(' ').Append(type.FullName);
            Type[] bases = [.. Bases(type)];
            if (bases.Length > 0)
                text.Append(" : ").AppendJoin(", ", bases.Select(Name));
            text.Append('\n');
            IEnumerable<string> lines = type.IsEnum
                ? Enum.GetNames(type).Select(name => $"{name} = {System.Convert.ToInt64(Enum.Parse(type, name))}")
                : Members(type).Select(Describe).Order(StringComparer.Ordinal);
            foreach (string line in lines)
                text.Append("  ").Append(line).Append('\n');
        }
        return text.ToString();
    }

    private static string Kind(Type type) => type switch
    {
        { IsInterface: true } => "interface",
        { IsEnum: true } => "enum",
        { IsValueType: true } => "struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        _ => (type.IsSealed ? "sealed " : type.IsAbstract ? "abstract " : "") + (type.GetMethod("<Clone>$") is null ? "class" : "record"),
    };

    private static IEnumerable<Type> Bases(Type type)
    {
        if (type.IsEnum)
            yield break;
        if (type.BaseType is { } parent && parent != typeof(object))
            yield return parent;
        foreach (Type offered in type.GetInterfaces().Where(offered => offered.IsVisible && !offered.IsGenericType && offered != typeof(System.Runtime.Serialization.ISerializable)).OrderBy(Name, StringComparer.Ordinal))
            yield return offered;
    }

    private static IEnumerable<MemberInfo> Members(Type type) =>
        type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(member => member is not MethodInfo { IsSpecialName: true } && !member.IsDefined(typeof(CompilerGeneratedAttribute))
                && member is not MethodInfo { Name: "ToString" or "GetHashCode" or "Equals" or "Deconstruct" });

    private static string Describe(MemberInfo member) => member switch
    {
        ConstructorInfo constructor => $"new({Parameters(constructor)})",
        MethodInfo method => $"{(method.IsStatic ? "static " : "")}{Name(method.ReturnType)}{Mark(s_nullability.Create(method.ReturnParameter))} {method.Name}({Parameters(method)})",
        PropertyInfo property => $"{(property.GetMethod!.IsStatic ? "static " : "")}{(property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "")}"
            + $"{Name(property.PropertyType)}{Mark(s_nullability.Create(property))} {property.Name} {{ {Accessors(property)} }}",
        FieldInfo field => $"{(field.IsLiteral ? "const " : "")}{Name(field.FieldType)} {field.Name}{(field.IsLiteral ? $" = \"{field.GetRawConstantValue()}\"" : "")}",
        _ => member.ToString()!,
    };

    private static string Accessors(PropertyInfo property) => property.SetMethod is not { IsPublic: true } set ? "get;"
        : set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "get; init;" : "get; set;";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        $"{Name(parameter.ParameterType)}{Mark(s_nullability.Create(parameter))} {parameter.Name}{(parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? (parameter.ParameterType.IsValueType ? "default" : "null")}" : "")}"));

    private static string Mark(NullabilityInfo nullability) =>
        nullability.ReadState == NullabilityState.Nullable && !nullability.Type.IsValueType ? "?" : "";

    private static string Name(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } value)
            return Name(value) + "?";
        if (!type.IsGenericType)
            return type.Namespace == "System" || type.Namespace == "AtomikD.Client" ? type.Name : type.FullName ?? type.Name;
        return $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }
}
